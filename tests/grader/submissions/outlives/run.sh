#!/bin/bash
# Hostile: leaves a process behind that has a session of its own and no parent.
(setsid sleep 600 >/dev/null 2>&1 &)
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
exec python3 "$here/predict.py" "$TEST_DIRECTORY" "$OUTPUT_PATH"
