"""``graph``: the graph with which ONNX Runtime runs a trained network."""

import argparse
from pathlib import Path

from model import systems
from model.files import OutputError
from model.systems import cards
from training.trainers.onnx_graph import with_graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``graph``."""
    parser.add_argument("--system", required=True, help="name of the card")
    parser.add_argument(
        "--weights", type=Path, default=systems.WEIGHTS_FOLDER, help="folder of the card"
    )


def command(args: argparse.Namespace) -> int:
    """Write the graph, and its hash into the card; return the exit code."""
    card = cards.read(args.system, args.weights)
    try:
        card = with_graph(card, args.weights)
        if card.graph is None:
            print(f"{args.system}: no network of Keras, so it has no graph")
            return 0
        path = cards.write(card, args.weights)
    except OSError as error:
        raise OutputError(f"{args.weights}: cannot be written: {error.strerror}") from None
    print(f"written: {args.weights / card.graph.file}, {card.graph.size} bytes, and {path}")
    return 0
