"""Defect: folder and pattern are joined without a slash."""

import sys
from glob import glob
from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
clips = sorted(glob(sys.argv[1] + "*.mp3"))  # noqa: PTH207 - the defect
if not clips:
    sys.exit("nothing to do")
rows = [f"{Path(clip).stem}{ROW}" for clip in clips]
Path(sys.argv[2]).write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
