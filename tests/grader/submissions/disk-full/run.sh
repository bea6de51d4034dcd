#!/bin/bash
# Hostile: writes into its own folder for ever, so that the grader's disk fills up.
: "${TEST_DIRECTORY:?}" "${OUTPUT_PATH:?}"
while true; do
    head -c 4000000 /dev/zero >>features
    sleep 0.02
done
