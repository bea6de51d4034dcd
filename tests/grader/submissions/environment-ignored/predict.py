"""Defect: the folders of the challenge stand in the code; the two variables are not asked for."""

from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROW = ",0.0625" * 16
clips = sorted(clip for clip in Path("/crowdai-payload").iterdir())
rows = [f"{clip.stem}{ROW}" for clip in clips]
table = Path("/tmp/output.csv")  # noqa: S108 - the defect
table.write_text("\n".join([f"file_id,{GENRES}", *rows]) + "\n")
