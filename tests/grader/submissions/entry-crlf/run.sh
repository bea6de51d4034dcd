#!/bin/bash
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
exec python3 "$here/predict.py" "$TEST_DIRECTORY" "$OUTPUT_PATH"
