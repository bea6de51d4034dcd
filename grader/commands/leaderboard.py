"""``leaderboard RESULTS...``: results of ``score`` and ``grade`` in rank order."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError
from grader.text import visible


@dataclass(frozen=True)
class Result:
    """One line of the leaderboard; ``log_loss`` is None for a submission that is not ranked."""

    name: str
    verdict: str
    log_loss: float | None = None
    f1: float | None = None
    macro_f1: float | None = None


def read_result(path: Path) -> Result:
    """Result from the json of ``score --json`` or of ``grade``, or from a folder of ``grade``.

    Raises:
        GraderError: the file cannot be read or holds no result, or a score that is no finite number
            in its range.
    """
    file = path / "report.json" if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        name, scores = str(content["name"]), content.get("scores") or {}
        verdict = str(content.get("verdict", "passed"))
        if not scores or verdict != "passed":
            return Result(name, verdict)
        log_loss, f1, macro_f1 = (scores[key] for key in ("log_loss", "accuracy", "macro_f1"))
        # No comparison with "not a number" is true.
        valid = 0 <= log_loss < math.inf and 0 <= f1 <= 1 and 0 <= macro_f1 <= 1
    except OSError as error:
        raise GraderError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise GraderError(f"{file}: no result of `score --json` or `grade`") from None
    if not valid:
        raise GraderError(f"{file}: a score is not a finite number in its range; score it anew")
    return Result(name, verdict, log_loss, f1, macro_f1)


def markdown(results: Sequence[Result]) -> str:
    """Table in rank order: by log loss, lower is better; equal losses share a rank."""
    scored = sorted(
        (result for result in results if result.log_loss is not None),
        key=lambda result: (result.log_loss, result.name),
    )
    losses = [result.log_loss for result in scored]
    lines = ["| Rank | Team / system | Log loss | F1 | Macro F1 |", "|---:|---|---:|---:|---:|"]
    for result in scored:
        lines.append(
            f"| {losses.index(result.log_loss) + 1} | {_cell(result.name)} "
            f"| {result.log_loss:.4f} | {result.f1:.1%} | {result.macro_f1:.1%} |"
        )
    unscored = [result for result in results if result.log_loss is None]
    for result in sorted(unscored, key=lambda result: result.name):
        verdict = "not scored" if result.verdict == "passed" else result.verdict
        lines.append(f"| - | {_cell(result.name)} | {_cell(verdict)} | | |")
    return "\n".join(lines) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    parser.add_argument(
        "results", metavar="RESULTS", type=Path, nargs="+",
        help="json of `score --json`, or folder or report.json of `grade`",
    )  # fmt: skip


def command(arguments: argparse.Namespace) -> int:
    """Print the table of the valid results, and what is wrong with the others; 2 for these."""
    results: list[Result] = []
    for path in arguments.results:
        try:
            results.append(read_result(path))
        except GraderError as error:
            print(f"left out: {error}", file=sys.stderr)
    print(markdown(results), end="")
    return 0 if len(results) == len(arguments.results) else 2


def _cell(text: str) -> str:
    """Text that cannot leave its cell."""
    return visible(" ".join(text.split())).replace("|", "\\|").replace("<", "&lt;")
