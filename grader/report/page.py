"""The report of ``grade``: json for programs, one html page without scripts for people."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from grader.errors import GraderError
from grader.files import remove_folder
from grader.judging.grade import Grade
from grader.logs import last_lines, read_log
from grader.text import visible
from model.files import OutputError, atomic_file, remove_parts
from model.genres import GENRES

REPORT: Final = "report.json"
PAGE: Final = "report.html"
MANIFEST: Final = "grader-manifest.json"
"""Names what a run writes into its folder; the next run deletes only that."""
_RESULTS: Final = (REPORT, PAGE, "build.log", "run.log", "table.csv", "fixed.csv", "out")
_TEMPLATE: Final = Path(__file__).with_name("report.html.j2")
_LOG_LINES: Final = 100


def empty_folder(folder: Path) -> Path:
    """Create a folder for results, or delete the results of an earlier run from it.

    Returns:
        Path of its ``report.json``, which is empty until the result is known.

    Raises:
        GraderError: the folder holds something that no run wrote, or cannot be written.
    """
    try:
        remove_parts(folder / name for name in (*_RESULTS, MANIFEST))
        present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        if foreign := sorted(present - _manifest(folder)):
            raise GraderError(
                f"{folder}: is not empty, and no run of the grader wrote {foreign[0]}; name another"
            )
        for name in sorted(present, key=lambda name: name == MANIFEST):  # the manifest last
            _delete(folder / name)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraderError(f"{folder}: cannot be used for results: {error.strerror}") from None
    write_json(folder / MANIFEST, {"written": [*_RESULTS, MANIFEST]})
    write_json(folder / REPORT, {})
    return folder / REPORT


def _manifest(folder: Path) -> set[str]:
    """Names that the manifest of an earlier run names; none without an intact manifest."""
    try:
        names = set(json.loads((folder / MANIFEST).read_bytes())["written"])
    except (OSError, ValueError, TypeError, KeyError):
        return set()
    return names & {*_RESULTS, MANIFEST}


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    else:
        path.unlink()


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a result.

    Raises:
        GraderError: the file cannot be written.
    """
    # json escapes all control characters but this one.
    _write(path, json.dumps(content, indent=2).replace("\x7f", "\\u007f") + "\n")


def write_report(
    folder: Path, grade: Grade, name: str, engine: str, notes: Sequence[str]
) -> Path:  # fmt: skip
    """Write ``report.json`` and ``report.html``.

    Args:
        folder: folder to write to.
        grade: the result.
        name: name on the leaderboard.
        engine: name of the engine.
        notes: notes on the engine and its limits.

    Returns:
        Path of the page.

    Raises:
        GraderError: a file cannot be written.
    """
    content = _contents(grade, name, engine, notes)
    write_json(folder / REPORT, content)
    _write(folder / PAGE, _html(content))
    return folder / PAGE


def _write(path: Path, text: str) -> None:
    try:
        with atomic_file(path) as file:
            file.write(text.encode("utf-8", "replace").decode())
    except OutputError as error:
        raise GraderError(str(error)) from None


def _contents(grade: Grade, name: str, engine: str, notes: Sequence[str]) -> dict[str, Any]:
    run, job, scores = grade.run, grade.job, grade.scores
    violations = run.table.violations if run and run.table else []
    log = run.outcome.log if run else job.folder / "build.log"
    figures = None
    if run:
        outcome = run.outcome
        figures = {
            "clips": len(run.expected),
            "entry": job.entry,
            "environment": job.environment,
            "exit_code": outcome.exit_code,
            "seconds": round(outcome.seconds, 3),
            "cpu_seconds": outcome.cpu_seconds,
            "peak_memory": outcome.peak_memory,
            "network_attempts": outcome.network_attempts,
        }
    return {
        "name": name,
        "repository": grade.source.name,
        "ref": grade.source.ref,
        "graded": datetime.now(UTC).isoformat(timespec="seconds"),
        **asdict(grade.assessment),
        "scores": scores.scores.as_dict() if scores else None,
        "confusion": scores.confusion if scores else None,
        "findings": [finding.as_dict() for finding in grade.findings],
        "engine": engine,
        "notes": list(notes),
        "limits": asdict(job.limits),
        "build": asdict(grade.build) if grade.build else None,
        "run": figures,
        "breaches": [asdict(violation) for violation in violations],
        "breach_count": len(violations) + (run.table.omitted if run and run.table else 0),
        "probes": [asdict(experiment) for experiment in grade.experiments],
        "log_tail": last_lines(read_log(log), _LOG_LINES),
    }


def _html(content: dict[str, Any]) -> str:
    """The report as html; in every text, markup and control characters are escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )  # fmt: skip
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(**content, genres=GENRES)
