"""The challenge's limits, fitted to the machine."""

from grader.engines.limits import CHALLENGE, GIB, Limits, Machine, fit


def test_a_large_machine_keeps_the_challenges_limits() -> None:
    limits, notes = fit(CHALLENGE, Machine(cpus=32, memory=128 * GIB, gpu=True))
    assert (limits.cpus, limits.memory, limits.seconds, limits.gpu) == (5, 60 * GIB, 36_000, True)
    assert notes == ()


def test_a_small_machine_shrinks_them_and_says_so() -> None:
    limits, notes = fit(CHALLENGE, Machine(cpus=2, memory=10 * GIB, gpu=False))
    assert (limits.cpus, limits.memory, limits.gpu) == (2, 9 * GIB, False)
    assert limits.tmp <= limits.memory
    assert limits.seconds == CHALLENGE.seconds
    assert [note.split()[0] for note in notes] == ["2", "9.0", "no"]


def test_a_full_disk_shrinks_them_and_says_so() -> None:
    limits, notes = fit(CHALLENGE, Machine(cpus=32, memory=128 * GIB, gpu=True, disk=10 * GIB))
    assert limits.disk == 9 * GIB
    assert [note.split()[0] for note in notes] == ["9.0"]


def test_what_was_asked_for_is_not_raised() -> None:
    asked = Limits(cpus=0.5, memory=GIB, gpu=False)
    limits, notes = fit(asked, Machine(cpus=32, memory=128 * GIB, gpu=True))
    assert (limits.cpus, limits.memory, limits.gpu) == (0.5, GIB, False)
    assert notes == ()
