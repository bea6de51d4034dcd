#!/bin/bash
# Defect: the work is done by an image that is to be pulled, in a container inside the container.
docker pull weights.invalid/model
docker run --rm -v "$TEST_DIRECTORY:/clips" weights.invalid/model >"$OUTPUT_PATH"
