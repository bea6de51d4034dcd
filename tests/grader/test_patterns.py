"""``check`` on all sample submissions, and their table in docs/grading.md."""

import pytest

from grader.rules.check import check
from grader.rules.findings import Severity
from tests.grader.conftest import SUBMISSIONS
from tests.support.grader_cases import CASES, DOCUMENT, ENDLESS, Case, with_table

LEFT_OUT = {"license-missing", "readme-missing", "crowdai-missing", "environment-missing"}
"""Rules for files that a sample leaves out, since they do not matter for its pattern."""


@pytest.mark.parametrize("case", [*CASES, *ENDLESS], ids=str)
def test_check_finds_the_pattern_and_nothing_else(case: Case) -> None:
    found = {
        finding.rule
        for finding in check(SUBMISSIONS / case.name)
        if finding.severity is not Severity.NOTE
    }
    assert found - LEFT_OUT == set(case.check)


def test_the_table_is_that_of_the_cases() -> None:
    document = DOCUMENT.read_text()
    assert document == with_table(document), "run python -m tests.support.grader_cases"
