"""``python -m training``: train a system."""

import sys

from training.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
