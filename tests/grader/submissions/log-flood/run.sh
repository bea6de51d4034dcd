#!/bin/bash
# Hostile: prints for ever.
: "${TEST_DIRECTORY:?}" "${OUTPUT_PATH:?}"
exec yes "epoch 1 of 1"
