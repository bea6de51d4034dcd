"""``evaluate``: scores of a trained system, or of frozen embeddings, as json.

A system's scores come from the held-out logits that its training left in the folder of results:
nothing is trained again and no audio is needed. Probes are fitted anew, from embeddings.
"""

import argparse
from pathlib import Path

from model import systems
from training.documents import files
from training.documents.files import write_json

PROBES = (
    "mn04",
    "artist",
    "MSD_musicnn",
    "msd_fcn_all",
    "mn04+artist",
    "mn04+artist+MSD_musicnn",
    "mn04+artist+MSD_musicnn+msd_fcn_all",
)
"""Embeddings that are compared, joined by ``+``."""


def command(args: argparse.Namespace) -> int:
    """Evaluate, write, and return the exit code."""
    for path in write_probes(args) if args.probes else write_system(args):
        print(f"{path}: written")
    return 0


def write_system(args: argparse.Namespace) -> list[Path]:
    """Write ``NAME.json`` and the pictures of a system; returns their paths.

    Raises:
        DatasetError: there are no held-out logits, or they are of other clips than ``--data``'s.
    """
    from training.data.dataset import DatasetError, read_table
    from training.documents import pictures
    from training.evaluation import heldout, scorecard

    path = heldout.path_of(args.results, args.system)
    held_out = heldout.read(path)
    if args.data and not held_out.matches(read_table(args.data / "clips.csv")):
        raise DatasetError(f"{path}: other clips than in {args.data}; train again")
    if not held_out.repeats:
        raise DatasetError(f"{path}: holds neither the scheme cv0 nor official; train again")
    effort = scorecard.QUICK if args.quick else scorecard.FULL
    result = scorecard.of_system(args.system, held_out, effort)
    written = write_json(args.results / f"{args.system}.json", result)
    folder = args.pictures or files.pictures_folder(args.results)
    return [written, *pictures.draw(result, folder)]


def write_probes(args: argparse.Namespace) -> list[Path]:
    """Write ``probes.json``; returns its path.

    Raises:
        DatasetError: the table or an embedding is missing.
    """
    from training.data.dataset import DatasetError, read_table
    from training.evaluation import probes, scorecard

    if not args.data:
        raise DatasetError("--probes needs --data, a folder with clips.csv and embeddings/")
    table = read_table(args.data / "clips.csv")
    effort = scorecard.QUICK if args.quick else scorecard.FULL
    rows = []
    for name in args.names.split(","):
        features, held_out = probes.probe(name, args.data / "embeddings", table, args.repeats)
        rows.append(scorecard.of_probe(name, features, held_out, effort))
        log_loss = rows[-1]["scores"]["as_is"]["log_loss"]["value"]
        print(f"{name}: {features} features, log loss {log_loss}", flush=True)
    return [write_json(args.results / "probes.json", {"probes": rows})]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``evaluate``."""
    subject = parser.add_mutually_exclusive_group()
    subject.add_argument(
        "--system", default=systems.DEFAULT, help="name of a card (default: %(default)s)"
    )
    subject.add_argument("--probes", action="store_true", help="the frozen embeddings instead")
    parser.add_argument("--names", default=",".join(PROBES), help="probes (default: all)")
    parser.add_argument("--data", type=Path, help="folder that holds clips.csv")
    parser.add_argument(
        "--results", type=Path, default=files.RESULTS, help="where logits and scores are"
    )
    parser.add_argument("--pictures", type=Path, help=files.PICTURES_HELP)
    parser.add_argument("--repeats", type=int, default=3, help="of cross-validation, for probes")
    parser.add_argument(
        "--quick", action="store_true", help="few resamplings and payloads: for a look"
    )
