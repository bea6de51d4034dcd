#!/bin/bash
# Starts the prediction: prd.sh CLIPS TABLE
set -e
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/settings.sh"
python3 "$here/../predict.py" "$1" "$2" "$BATCH"
