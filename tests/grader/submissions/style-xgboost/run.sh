#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")"
# pip install xgboost is done by environment.yml
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m trees.predict --test_directory="${TEST_DIRECTORY:-/crowdai-payload}" \
    --output_path "$OUTPUT_PATH"  # no trailing slash: see predict.py
