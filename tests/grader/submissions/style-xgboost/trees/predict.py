"""Gives odds by 518 features; ``python -m trees.predict --help``."""

import argparse
import os
import pickle

from trees.rows import save

parser = argparse.ArgumentParser(description="If it fails: apt-get install libgomp1")
parser.add_argument("--test_directory", default="/crowdai-payload", help="e.g. /data/clips")
parser.add_argument("--output_path", default="/tmp/output.csv")
parser.add_argument("--model", default="models/xgb.pkl")


def clips_of(folder):
    if not folder.endswith("/"):
        folder += "/"
    return [folder + name for name in sorted(os.listdir(folder)) if name.endswith(".mp3")]


def odds_of(path, model):
    try:
        with open(path, "rb") as file:
            file.read(16)
    except OSError as fault:
        print("cannot read", path, fault)
    return model


if __name__ == "__main__":
    args = parser.parse_args()
    with open(args.model, "rb") as file:
        model = pickle.load(file)  # noqa: S301 - our own
    save(args.output_path, {path: odds_of(path, model) for path in clips_of(args.test_directory)})
