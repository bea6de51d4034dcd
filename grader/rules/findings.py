"""What a check has to say: which rule, where, what is wrong, how to mend it."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: errors fail a submission, notes only inform."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found in a repository.

    Attributes:
        rule: name of the rule, lower case with hyphens; listed in ``docs/grading.md``.
        severity: errors fail a submission.
        where: file below the repository's root, with ``:line`` where there is one.
        what: what is wrong.
        mend: what to do.
    """

    rule: str
    severity: Severity
    where: str
    what: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        """Fields by name, for a report."""
        return {name: str(value) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        mend = f"\n    mend: {self.mend}" if self.mend else ""
        return f"{self.severity:7} {self.rule}  {self.where}: {self.what}{mend}"


def error(rule: str, where: str, what: str, mend: str) -> Finding:
    """A finding that fails a submission."""
    return Finding(rule, Severity.ERROR, where, what, mend)


def warning(rule: str, where: str, what: str, mend: str) -> Finding:
    """A finding that may fail a submission one day, or surprises."""
    return Finding(rule, Severity.WARNING, where, what, mend)


def note(rule: str, where: str, what: str) -> Finding:
    """Something to know; nothing to mend."""
    return Finding(rule, Severity.NOTE, where, what)
