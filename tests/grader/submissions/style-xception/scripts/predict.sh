#!/bin/bash
# Images go to a folder of their own; /data is only our machine's name for it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd src && python3 preprocess.py "$1" "$work" && python3 submit.py "$work" "$OUTPUT_PATH")
