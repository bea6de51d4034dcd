"""Command line for genre probabilities of mp3 files; ``python predict.py --help`` explains it."""

import sys

from model.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
