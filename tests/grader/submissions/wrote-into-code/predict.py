"""Defect: puts features beside its own code."""

import sys
from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
clips = sorted(Path(sys.argv[1]).glob("*.mp3"))
features = Path(__file__).resolve().with_name("features")
features.mkdir(exist_ok=True)
for clip in clips:
    (features / clip.stem).write_bytes(b"features")
rows = [f"{clip.stem}{ROW}" for clip in clips]
Path(sys.argv[2]).write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
