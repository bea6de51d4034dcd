#!/bin/bash

# Both are set by the graders:
# export TEST_DIRECTORY=/data/crowdai_fma_test
# export OUTPUT_PATH=/tmp/output.csv
SCRIPT_DIR=$(cd -- "$(dirname -- "$0")" &> /dev/null && pwd)
python3 "${SCRIPT_DIR}/test.py" -i "$TEST_DIRECTORY" -o "$OUTPUT_PATH" --jobs 50
