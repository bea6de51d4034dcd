"""Restores the checkpoint and writes the table."""

import os
import re
import sys

from xception import restore

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)


def main():
    # The folder of preprocess.py ends without a slash.
    folder, table = sys.argv[1], sys.argv[2]
    odds = restore("../checkpoints/model.ckpt-21000")
    ids = [re.sub(r"\.mp3\.jpg$", "", name) for name in sorted(os.listdir(folder + os.sep))]
    with open(table, "w") as out:
        print("file_id", GENRES, sep=",", file=out)
        for file_id in ids:
            print(file_id, *odds, sep=",", file=out)


if __name__ == "__main__":
    main()
