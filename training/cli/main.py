"""The command line of training: one subcommand is one module with arguments and a command."""

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from model.errors import INTERRUPTED, GenreError

COMMANDS: Final[dict[str, str]] = {
    "train": "train a system from a folder of labelled clips, or from FMA",
    "ablate": "score a system with one part of its training configuration changed at a time",
    "graph": "write the graph with which ONNX Runtime runs a trained network",
    "evaluate": "compute scores and figures of a trained system, or of frozen embeddings",
    "leaderboard": "compare all systems on the same clips, scores beside costs",
    "document": "write the generated tables of the documents",
    "features": "write the 518 features of FMA's features.csv",
    "labels": "write the genres of fma_medium's tracks",
    "fma-baselines": "repeat the table of feature sets and classifiers of the FMA paper",
    "baselines": "write weights and cards of the systems that ignore the audio",
}


def main(arguments: Sequence[str]) -> int:
    """Run one subcommand and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Trains, evaluates and documents systems."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the module of the chosen command is imported.
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        if name == chosen:
            module = import_module(f"training.cli.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.command)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C
    try:
        return int(args.run(args))
    except GenreError as error:
        print(f"{args.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{args.command}: stopped; run the same command again to continue", file=sys.stderr)
        return INTERRUPTED
