"""Every command and script that README.md and the guides show does what it says.

Blocks of a page run in their order, in a copy of the repository with clips in the folder ``music``.
A Python block that begins with the path of a file is that file. A block that begins with
``# needs SOMETHING`` is not run; what it may need is listed in ``NEEDS``.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import CLIPS, ROOT

NEEDS = {
    "a clone with a remote": "pushes a branch",
    "a new virtual environment": "tests/test_packaging.py installs the package",
    "the network": "downloads half a gigabyte",
    "Docker": "builds and runs images",
    "FMA": "trains for days on audio that is not part of the project",
    "labelled clips": "trains for hours on audio that is not part of the project",
    "root": "starts an engine of its own; it is run in CI",
}
"""What the tests do not have, and why the block is not run without it."""

BASH = {
    "docs/distributed.md": "tests/model/distributed/test_cluster.py",
    "docs/grading.md": "tests/grader/report/test_page.py",
}
"""Pages with blocks of the kind ``bash``, and which other tests run these."""

PAGES = sorted(
    str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
)
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "runs", "cache", "graded"
)


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes:
        language: ``sh`` or ``python``.
        code: the text.
    """

    language: str
    code: str

    @property
    def needs(self) -> str:
        """What it cannot run without, or nothing."""
        first = self.code.partition("\n")[0]
        return first.removeprefix("# needs ") if first.startswith("# needs ") else ""

    @property
    def path(self) -> str:
        """The file that it is, or nothing."""
        named = re.match(r"# ([\w./-]+\.py)\n", self.code)
        return named[1] if named and self.language == "python" else ""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(text_of(page))]


WITH_BLOCKS = [page for page in PAGES if any(not block.needs for block in blocks(page))]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the repository, set up, with clips in ``music`` and links to them in ``clips``."""
    place = tmp_path / "repository"
    shutil.copytree(ROOT, place, ignore=_NOT_COPIED)
    (place / ".venv" / "bin").mkdir(parents=True)
    python = place / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for stamp in (".cpu", ".dev"):  # so that make has nothing to install
        (place / ".venv" / stamp).touch()
    (place / "music").mkdir()
    for name in ("folk-waltz.mp3", "jazz-trio.mp3", "rock-band.mp3"):
        shutil.copyfile(CLIPS / name, place / "music" / name)
    (place / "clips").symlink_to("music")
    return place


def run(place: Path, language: str, code: str) -> str:
    """Run a block of a page and return what it printed."""
    script = place / "block.py"
    script.write_text(code)
    command = [sys.executable, str(script)] if language == "python" else ["bash", "-euc", code]
    first = str(place / ".venv" / "bin")
    # The tests may run under make, whose variables would make the block's make say more.
    outside = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        command,
        cwd=place,
        env=outside | {"PATH": f"{first}:{os.environ['PATH']}", "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", [page for page in WITH_BLOCKS if page != "README.md"])
def test_every_block_runs(page: str, place: Path) -> None:
    if "FMA/" in text_of(page):
        run(place, "sh", "python -m tests.support.fma_tree FMA")
    for block in blocks(page):
        if block.path:
            (place / block.path).write_text(block.code)
        elif not block.needs:
            run(place, block.language, block.code)


def genres_of(line: str) -> tuple[str, list[str], list[float]]:
    """The id, genres and probabilities of a line that ``--top`` prints."""
    file_id, *_ = line.split()
    found = re.findall(r"([A-Z][\w /-]*) (\d\.\d\d)", line.removeprefix(file_id))
    return file_id, [genre for genre, _ in found], [float(number) for _, number in found]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_first_steps_give_what_the_readme_says(place: Path) -> None:
    """All blocks of README.md run, in their order, and what the text promises is checked."""
    songs = {path: path.read_bytes() for path in (place / "music").iterdir()}
    names = [path.stem for path in songs]
    printed = {
        block.code: run(place, block.language, block.code)
        for block in blocks("README.md")
        if not block.needs
    }

    def output(command: str) -> str:
        (found,) = (text for code, text in printed.items() if command in code)
        return found

    examples = re.findall(r"^ {4}(\S+(?: .*)? \d\.\d\d)$", text_of("README.md"), re.MULTILINE)
    demo = output("make predict CLIPS=music  ").splitlines()
    assert len(examples) == len(list((place / "demo").glob("*.mp3")))
    for example, line in zip(examples, demo, strict=False):
        *expected, probabilities = genres_of(example)
        *found, others = genres_of(line)
        assert found == expected
        assert others == pytest.approx(probabilities, abs=0.02)

    header, *rows = (place / "submission.csv").read_text().splitlines()
    (shown,) = re.findall(r"^ {4}(file_id,.*),\.\.\.$", text_of("README.md"), re.MULTILINE)
    assert header.startswith(shown)
    assert sorted(row.partition(",")[0] for row in rows) == sorted(names)
    for file in ("report.html", "windows.csv", "agf.csv"):
        text = (place / file).read_text(encoding="utf-8")
        assert all(name in text for name in names), file
    assert all(f"{name}.mp3" in output("import model") for name in names)
    assert "rock-band.mp3: no genre -> Rock" in output("--write-tags")
    assert songs == {path: path.read_bytes() for path in songs}


@pytest.mark.parametrize("page", PAGES)
def test_a_block_that_is_not_run_says_why_and_can_be_read(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        assert not block.needs or block.needs in NEEDS, f"{page}: needs {block.needs}"
        if block.language == "python":
            compile(block.code, page, "exec")
        else:
            subprocess.run(["bash", "-n", "-c", block.code], check=True)


@pytest.mark.parametrize("page", PAGES)
def test_code_is_in_blocks_that_tests_know(page: str) -> None:
    kinds = set(re.findall(r"^```(\S+)", text_of(page), re.MULTILINE))
    if "bash" in kinds:
        runner = (ROOT / BASH[page]).read_text(encoding="utf-8")
        assert Path(page).name in runner
        assert "```" in runner
    assert kinds <= {"sh", "python", "yaml", "bash"}


@pytest.fixture(scope="module")
def options() -> set[str]:
    """Every option of the command line."""
    helped = subprocess.run(
        [sys.executable, "predict.py", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(re.findall(r"--[a-z-]+", helped.stdout))


@pytest.mark.parametrize("page", PAGES)
def test_options_of_the_command_line_exist(page: str, options: set[str]) -> None:
    commands = re.findall(r"predict\.py((?:[^\n`]|\\\n)*)", text_of(page))
    named = {option for command in commands for option in re.findall(r" (--[a-z-]+)", command)}
    assert named <= options


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/distributed.md", "docs/outputs.md", "docs/probabilities.md",
     "docs/troubleshooting.md"],
)  # fmt: skip
def test_options_named_in_the_text_exist(page: str, options: set[str]) -> None:
    others = {"--requeue", "--gpus", "--ray"}  # of Slurm, Docker and the Ray command
    assert set(re.findall(r"`(--[a-z-]+)", text_of(page))) - others <= options


def anchors(text: str) -> set[str]:
    """Names that GitHub gives the headings of a page."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_to_headings_lead_somewhere(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", text_of(page)):
        other = (ROOT / page).parent / target if target else ROOT / page
        assert anchor in anchors(other.read_text(encoding="utf-8")), f"{target}#{anchor}"
