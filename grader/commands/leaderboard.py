"""``leaderboard RESULTS...``: results of ``score`` and ``grade`` in rank order."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError


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
        GraderError: the file cannot be read or holds no result.
    """
    file = path / "report.json" if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        name, scores = str(content["name"]), content.get("scores") or {}
        verdict = str(content.get("verdict", "passed"))
        if not scores or verdict != "passed":
            return Result(name, verdict)
        return Result(
            name, verdict, *(float(scores[key]) for key in ("log_loss", "accuracy", "macro_f1"))
        )
    except OSError as error:
        raise GraderError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GraderError(f"{file}: no result of `score --json` or `grade`") from None


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
    for result in sorted(set(results) - set(scored), key=lambda result: result.name):
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
    """Print the table."""
    print(markdown([read_result(path) for path in arguments.results]), end="")
    return 0


def _cell(text: str) -> str:
    """Text that cannot leave its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
