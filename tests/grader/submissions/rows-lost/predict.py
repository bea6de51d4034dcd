"""Defect: batches are cut from their first to before their last clip."""

import sys
from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
BATCH = 4
clips = sorted(Path(sys.argv[1]).glob("*.mp3"))
rows = []
for first in range(0, len(clips), BATCH):
    batch = range(first, min(first + BATCH, len(clips)))
    rows += [f"{clip.stem}{ROW}" for clip in clips[batch[0] : batch[-1]]]
Path(sys.argv[2]).write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
