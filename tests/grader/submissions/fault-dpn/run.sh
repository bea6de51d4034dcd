#!/bin/bash
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
python3 "$here/test.py" --test_directory=$TEST_DIRECTORY --output=$OUTPUT_PATH
