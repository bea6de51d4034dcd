"""The report of ``grade``: json for programs, one page without scripts or network for people."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grader.commands.options import REPORT
from grader.engines.logs import read_log
from model.genres import GENRES

if TYPE_CHECKING:
    from grader.commands.grade import Grade

PAGE: Final = "report.html"
TEMPLATE: Final = Path(__file__).with_name("report.html.j2")
_BREACHES: Final = 1000
_LOG_LINES: Final = 100


def write_report(folder: Path, grade: "Grade | None", name: str) -> Path:
    """Write ``report.json`` and ``report.html``.

    Args:
        folder: where to.
        grade: what was found out; None before that, to leave an empty ``report.json``.
        name: name on the leaderboard.

    Returns:
        Path of the page.
    """
    content = contents(grade, name) if grade else {}
    (folder / REPORT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if grade:
        (folder / PAGE).write_text(page(content), encoding="utf-8", errors="replace")
    return folder / PAGE


def contents(grade: "Grade", name: str) -> dict[str, Any]:
    """The report as json data."""
    job, run, judgement = grade.prepared.job, grade.run, grade.judgement
    breaches = run.table.breaches if run and run.table else []
    log = run.outcome.log if run else job.folder / "build.log"
    return {
        "name": name,
        "repository": grade.source.name,
        "ref": grade.source.ref,
        "graded": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": grade.ruling.verdict,
        "reasons": list(grade.ruling.reasons),
        "defects": list(grade.ruling.defects),
        "scores": judgement.scores.as_dict() if judgement else None,
        "confusion": judgement.confusion if judgement else None,
        "findings": [finding.as_dict() for finding in grade.findings],
        "engine": grade.prepared.engine.name,
        "notes": list(grade.prepared.notes),
        "limits": asdict(job.limits),
        "build": asdict(grade.built) if grade.built else None,
        "run": _figures(grade),
        "breaches": [asdict(breach) for breach in breaches[:_BREACHES]],
        "breach_count": len(breaches),
        "probes": [asdict(probe) for probe in grade.probes],
        "log_tail": read_log(log).splitlines()[-_LOG_LINES:],
    }


def page(content: dict[str, Any]) -> str:
    """The report as html; every text in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(**content, genres=GENRES)


def _figures(grade: "Grade") -> dict[str, Any] | None:
    if grade.run is None:
        return None
    outcome, job = grade.run.outcome, grade.run.job
    return {
        "clips": len(grade.run.expected),
        "entry": job.entry,
        "environment": job.environment,
        "exit_code": outcome.exit_code,
        "seconds": round(outcome.seconds, 3),
        "cpu_seconds": outcome.cpu_seconds,
        "peak_memory": outcome.peak_memory,
        "network_attempts": outcome.network_attempts,
    }
