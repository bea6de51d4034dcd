"""The network."""

from pathlib import Path

from . import table


class Network:
    def __init__(self, name):
        self.values = (Path(__file__).parent / "weights" / name).read_text()

    def odds(self, windows):
        return [1 / len(table.GENRES.split(","))] * 16
