"""``python -m tests.fuzz.readers [READER...]``: random files through everything that reads one.

Decoders of audio have a campaign of their own: ``python -m tests.fuzz``.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.fuzz import grader, product
from tests.fuzz.reader import check_reader

READERS = product.READERS | grader.READERS


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "readers", metavar="READER", nargs="*", help=f"all, or some of {', '.join(READERS)}"
    )
    parser.add_argument("--count", type=int, default=2000, help="number of files for each reader")
    options = parser.parse_args(arguments)
    if unknown := set(options.readers) - set(READERS):
        parser.error(f"no reader {', '.join(unknown)}; choose from {', '.join(READERS)}")
    for name in options.readers or READERS:
        check_reader(READERS[name], options.count)
        print(f"{name}: {options.count} files", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
