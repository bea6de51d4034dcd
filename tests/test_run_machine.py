"""Whatever is done to runs and their files: inputs, rows and folders stay as they should."""

import pytest

from tests.support.run_machine import take


def test_a_few_steps_break_no_invariant() -> None:
    assert sum(take(10, derandomize=True).values()) >= 10


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_two_hundred_steps_break_no_invariant() -> None:
    assert sum(take(200).values()) >= 200
