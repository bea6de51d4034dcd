#!/bin/bash
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
python3 "$here/final_pipeline.py" $TEST_DIRECTORY $OUTPUT_PATH
