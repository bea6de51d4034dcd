"""Findings of ``check``: which rule, where, what is wrong, how to fix it."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from grader.text import visible


class Severity(StrEnum):
    """How much a finding matters: errors fail a submission, notes only inform."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """A fault or a fact of a repository, by a rule.

    Attributes:
        rule: name of the rule, lower case with hyphens; listed in ``docs/grading-rules.md``.
        severity: errors fail a submission.
        where: file below the repository's root, with ``:line`` where there is one.
        what: what is wrong.
        fix: what to do.
    """

    rule: str
    severity: Severity
    where: str
    what: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Fields by name, for a report."""
        fields = {name: str(value) for name, value in asdict(self).items()}
        return {**fields, "mend": fields.pop("fix")}

    def __str__(self) -> str:
        fix = f"\n    fix: {visible(self.fix)}" if self.fix else ""
        return f"{self.severity:7} {self.rule}  {visible(self.where)}: {visible(self.what)}{fix}"


def error(rule: str, where: str, what: str, fix: str) -> Finding:
    """A finding that fails a submission."""
    return Finding(rule, Severity.ERROR, where, what, fix)


def warning(rule: str, where: str, what: str, fix: str) -> Finding:
    """A finding that may fail a submission or change its build later."""
    return Finding(rule, Severity.WARNING, where, what, fix)


def note(rule: str, where: str, what: str) -> Finding:
    """A finding that only informs."""
    return Finding(rule, Severity.NOTE, where, what)
