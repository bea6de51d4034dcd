#!/bin/bash
# Needs nothing beyond the image. (The first version ran "docker run" here, which cannot work.)
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
"$here/scripts/prd.sh" "$TEST_DIRECTORY" "$OUTPUT_PATH"
