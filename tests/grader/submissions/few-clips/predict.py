"""Defect: crashes unless there is a clip for each of its fifty processes."""

import sys
from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
PROCESSES = 50
clips = sorted(Path(sys.argv[1]).glob("*.mp3"))
shares = [clips[number::PROCESSES] for number in range(PROCESSES)]
rows = [f"{clip.stem}{ROW}" for share in shares for clip in (share[0], *share[1:])]
Path(sys.argv[2]).write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
