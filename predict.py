"""Command line for genre probabilities of mp3 files; ``python predict.py --help`` explains it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # missing with PYTHONSAFEPATH

from model.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
