"""Defect: as environment-ignored, but it complains of nothing when the folder is not there."""

from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
clips = sorted(Path("/crowdai-payload").glob("*.mp3"))
rows = [f"{clip.stem}{ROW}" for clip in clips]
table = Path("/tmp/output.csv")  # noqa: S108 - the defect
table.write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
