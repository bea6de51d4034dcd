#!/bin/bash
# Defect: polls for a sign that never comes, long after the table is there.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
python3 "$here/predict.py" "$TEST_DIRECTORY" "$OUTPUT_PATH"
until [ -e /tmp/no-one-ever-makes-this ]; do sleep 0.5; done
