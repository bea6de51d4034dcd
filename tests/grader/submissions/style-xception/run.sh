#!/bin/bash
cd "$(dirname "$0")" || exit 1
: "${TEST_DIRECTORY:=/crowdai-payload}" "${OUTPUT_PATH:=/tmp/output.csv}"
export TEST_DIRECTORY OUTPUT_PATH
if [ -n "$CUDA_VISIBLE_DEVICES" ]; then echo "on a GPU"; fi
. ./env.sh
bash scripts/predict.sh "$TEST_DIRECTORY"
