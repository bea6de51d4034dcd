"""Writes the table."""

from pathlib import Path

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)


def save(table, odds):
    lines = ["file_id," + GENRES]
    for path, values in odds.items():
        lines.append(",".join([Path(path).stem, *map(str, values)]))
    Path(table).write_text("\n".join(lines) + "\n")
