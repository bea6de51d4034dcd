"""Genre probabilities of mp3 files. ``python predict.py --help`` tells how."""

import sys

from model import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
