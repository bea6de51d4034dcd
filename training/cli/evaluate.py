"""``python -m training.cli.evaluate``: scores of a trained system, or of frozen probes, as json.

A system's scores come from the held-out logits that its training left in the folder of results:
nothing is trained again, and no audio is needed. Probes are fitted anew, from embeddings.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model import systems
from training.documents import places

PROBES = (
    "mn04",
    "artist",
    "yamnet",
    "MSD_musicnn",
    "msd_fcn_all",
    "jamendo_fcn_all",
    "mn04+artist",
    "mn04+msd_fcn_all",
    "mn04+MSD_musicnn",
    "mn04+artist+msd_fcn_all",
    "mn04+artist+MSD_musicnn+msd_fcn_all",
)
"""Embeddings that are compared, joined by ``+``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate and write; returns the exit code."""
    given = _parser().parse_args(arguments)
    from training.data.dataset import DatasetError

    try:
        written = write_probes(given) if given.probes else write_system(given)
    except DatasetError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(f"{path}: written")
    return 0


def write_system(given: argparse.Namespace) -> list[Path]:
    """Write ``NAME.json`` and the pictures of a system; returns their paths.

    Raises:
        DatasetError: there are no held-out logits, or they are of other clips than ``--data``'s.
    """
    from training.data.dataset import DatasetError, read_table
    from training.documents import pictures
    from training.evaluation import heldout, scorecard

    path = heldout.path_of(given.results, given.system)
    held_out = heldout.read(path)
    if given.data and not held_out.matches(read_table(given.data / "clips.csv")):
        raise DatasetError(f"{path}: other clips than in {given.data}; train again")
    if not held_out.repeats:
        raise DatasetError(f"{path}: holds no cross-validation (scheme cv0); train again")
    effort = scorecard.QUICK if given.quick else scorecard.FULL
    result = scorecard.of_system(given.system, held_out, effort)
    written = _write(given.results / f"{given.system}.json", result)
    folder = given.pictures or places.pictures(given.results)
    return [written, *pictures.draw(result, folder)]


def write_probes(given: argparse.Namespace) -> list[Path]:
    """Write ``probes.json``; returns its path.

    Raises:
        DatasetError: the table or an embedding is missing.
    """
    from training.data.dataset import DatasetError, read_table
    from training.evaluation import probes, scorecard

    if not given.data:
        raise DatasetError("--probes needs --data, a folder with clips.csv and embeddings/")
    table = read_table(given.data / "clips.csv")
    effort = scorecard.QUICK if given.quick else scorecard.FULL
    rows = []
    for name in given.names.split(","):
        features, held_out = probes.probe(name, given.data / "embeddings", table, given.repeats)
        rows.append(scorecard.of_probe(name, features, held_out, effort))
        print(f"{name}: {features} features, {rows[-1]['fixed_floor']}", flush=True)
    return [_write(given.results / "probes.json", {"probes": rows})]


def _write(path: Path, result: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.cli.evaluate", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--system", default=systems.DEFAULT, help="name of a card (default: %(default)s)"
    )
    what.add_argument("--probes", action="store_true", help="the frozen embeddings instead")
    parser.add_argument("--names", default=",".join(PROBES), help="probes (default: all)")
    parser.add_argument("--data", type=Path, help="folder that holds clips.csv")
    parser.add_argument(
        "--results", type=Path, default=places.RESULTS, help="where logits and scores are"
    )
    parser.add_argument("--pictures", type=Path, help=places.PICTURES_HELP)
    parser.add_argument("--repeats", type=int, default=3, help="of cross-validation, for probes")
    parser.add_argument(
        "--quick", action="store_true", help="few resamplings and payloads: for a look"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
