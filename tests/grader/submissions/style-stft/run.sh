#!/usr/bin/env bash
# apt-get install ffmpeg; wget of the weights: all done when the image is built, not here
DIR="$( cd "$( dirname "${BASH_SOURCE[0]}" )" && pwd )"
echo "pip install -r requirements.txt was done by the build"
mkdir -p "$DIR/logs" 2>/dev/null || true
python3 -u "$DIR/final_pipeline.py" "$TEST_DIRECTORY/" "$OUTPUT_PATH"
