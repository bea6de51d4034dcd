"""Reads the two variables itself; modules beside it do the work."""

import os

from features import windows
from shortterm import table
from shortterm.network import Network

FOLDER = os.environ.get("TEST_DIRECTORY", "/crowdai-payload")
TABLE = os.getenv("OUTPUT_PATH") or "/tmp/output.csv"  # noqa: S108 - the challenge's path

network = Network("shortterm.npz")
rows = []
for name in sorted(os.listdir(FOLDER)):
    stem, suffix = os.path.splitext(name)
    if suffix == ".mp3":
        rows.append((stem, network.odds(windows(os.path.join(FOLDER, name)))))
table.write(TABLE, rows)
