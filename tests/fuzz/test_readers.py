"""No file of a stranger makes a reader fail. Many more: ``python -m tests.fuzz.readers``."""

import pytest

from tests.fuzz.reader import check_reader
from tests.fuzz.readers import READERS, main


@pytest.mark.parametrize("name", READERS)
def test_random_files_harm_no_reader(name: str) -> None:
    check_reader(READERS[name], 150, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_thousands_of_random_files_harm_no_reader(name: str) -> None:
    check_reader(READERS[name], 1000)


def test_the_command_takes_readers_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packages", "--count", "3"]) == 0
    assert capsys.readouterr().out == "packages: 3 files\n"
    with pytest.raises(SystemExit, match="2"):
        main(["none"])
    assert "choose from list" in capsys.readouterr().err
