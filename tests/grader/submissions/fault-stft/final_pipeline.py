"""Defects: ids keep ``.mp3``; folder and name are joined without a slash."""

import os
import sys

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)


def features(folder, name):
    with open(folder + name, "rb") as file:
        return file.read()


folder, output = sys.argv[1], sys.argv[2]
rows = []
for name in sorted(os.listdir(folder)):
    features(folder, name)
    rows.append(name + ",0.0625" * 16)
with open(output, "w") as table:
    table.write("\n".join(["file_id," + GENRES, *rows]) + "\n")
