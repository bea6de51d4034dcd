"""Makes an image of each clip."""

import os
import sys
from pathlib import Path

source, target = Path(sys.argv[1]), sys.argv[2]
for clip in sorted(source.glob("*.mp3")):
    image = os.path.join(target, clip.name + ".jpg")
    with open(image, "wb") as file:
        file.write(b"image")
