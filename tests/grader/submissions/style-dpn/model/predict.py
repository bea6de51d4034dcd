"""The network: predict.py FEATURES TABLE"""

import os
import sys

import dpn

GENRES = (
    "Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,Instrumental,"
    "International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
ROWS = {name[:-4]: dpn.PRIOR for name in sorted(os.listdir(sys.argv[1]))}
network = dpn.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkpoint.pth.tar"))
for file_id in ROWS:
    try:
        ROWS[file_id] = network(f"{sys.argv[1]}/{file_id}.npy")
    except (OSError, ValueError) as fault:
        print(file_id, "gets the prior:", fault)
        continue
with open(sys.argv[2], "w") as table:
    table.write(f"file_id,{GENRES}\n")
    table.writelines(f"{key},{','.join(map(str, row))}\n" for key, row in ROWS.items())
