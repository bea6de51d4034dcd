#!/bin/bash
# Defects: Docker inside the container, fixed paths, Python 2.
docker pull agf.invalid/model
docker run --name agf -v /crowdai-payload:/clips agf.invalid/model python predict.py
docker cp agf:/tmp/output.csv /tmp/output.csv
