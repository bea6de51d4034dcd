#!/bin/bash
# Defect: says that all is well, and leaves nothing.
: "${TEST_DIRECTORY:?}" "${OUTPUT_PATH:?}"
echo "Output file written"
