"""Command line: one table of ratios, or all measurements of one subject and their page."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from benchmarks import (
    capacity,
    features,
    memory,
    notebooks,
    peers,
    report,
    robustness,
    systems,
    training,
)
from benchmarks.measuring import FOLDER, Report, machine, markdown_table
from benchmarks.pipeline import costs


class Benchmark(Protocol):
    """The functions and the docstring of a module that measures one subject."""

    __doc__: str | None

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of the measurement to the parser of its subcommand."""

    def measure(self, args: argparse.Namespace) -> Report:
        """Measure and describe the result."""


BENCHMARKS: Final[Mapping[str, tuple[Benchmark, str]]] = {
    "pipeline": (costs, "RESULTS.md"),
    "systems": (systems, "systems.json"),
    "features": (features, "FEATURES.md"),
    "memory": (memory, "MEMORY.md"),
    "training": (training, "TRAINING.md"),
    "notebooks": (notebooks, "NOTEBOOK.md"),
    "report": (report, "REPORT.md"),
    "robustness": (robustness, "../docs/robustness.md"),
    "peers": (peers, "PEERS.md"),
    "capacity": (capacity, ""),
}
"""The module and the result file of each subcommand; no file where options decide the result."""

OVERVIEW: Final = ("pipeline", "features", "memory")
"""Subjects of the table of ratios: those that need neither a browser nor further packages."""


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write the result file; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Without a name: print one table of ratios, from {', '.join(OVERVIEW)}. With "
        "a name: measure one subject, print the result, and write its file in benchmarks/.",
        epilog="Exit codes: 0 measured, 1 not measured or above a limit, 2 wrong usage.",
    )
    names = parser.add_subparsers(dest="name", metavar="NAME")
    for name, (module, file) in BENCHMARKS.items():
        summary = (module.__doc__ or "").partition("\n")[0]
        subparser = names.add_parser(name, help=summary, description=module.__doc__)
        if file:
            subparser.add_argument("-o", "--output", type=Path, default=FOLDER / file)
        module.add_options(subparser)
    args = parser.parse_args(arguments)
    if args.name is None:
        reports = [BENCHMARKS[name][0].measure(parser.parse_args([name])) for name in OVERVIEW]
        print(ratios_page(reports))
        return 0 if all(one.passed for one in reports) else 1
    result = BENCHMARKS[args.name][0].measure(args)
    if "output" in args and result.page:
        args.output.write_text(result.page, encoding="utf-8")
    print(result.page or result.problem)
    if result.page and result.problem:
        print(result.problem)
    return 0 if result.passed else 1


def ratios_page(reports: Sequence[Report]) -> str:
    """The ratios of several reports as one table, with the name of the machine."""
    rows = [(name, f"{ratio:.2f}") for one in reports for name, ratio in one.ratios.items()]
    return f"# Ratios\n\n{machine()}.\n\n{markdown_table(('ratio', 'value'), rows)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
