"""``validate``, ``score``, ``leaderboard`` and ``grade`` as a person runs them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.commands.leaderboard import Result, markdown
from grader.errors import GraderError
from grader.judging.labels import read_labels
from model.genres import GENRES
from tests.conftest import ROOT
from tests.grader.conftest import SUBMISSIONS, table_text
from tests.support.grader_cases import git


def grader(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a table of two clips and labels of theirs."""
    (tmp_path / "table.csv").write_text(table_text("000002", "000005"))
    (tmp_path / "labels.csv").write_text("track_id,genre\n2,Hip-Hop\n5,Blues\n")
    return tmp_path


def test_validate(files: Path) -> None:
    clips = files / "clips"
    clips.mkdir()
    (clips / "000002.mp3").touch()
    done = grader("validate", files / "table.csv", "--clips", clips)
    assert done.returncode == 1
    assert "line 3: id-unknown: '000005'" in done.stdout
    (clips / "000005.mp3").touch()
    done = grader("validate", files / "table.csv", "--clips", clips)
    assert done.returncode == 0
    assert done.stdout.endswith("valid, one row for each of 2 clips\n")


def test_score(files: Path) -> None:
    done = grader("score", files / "table.csv", "--truth", files / "labels.csv")
    assert done.returncode == 0, done.stderr
    assert "log loss  2.7726\nF1        0.5000" in done.stdout
    assert "1 of Hip-Hop taken for Blues" in done.stdout


def test_score_wants_every_label_in_the_table(files: Path) -> None:
    with (files / "labels.csv").open("a") as file:
        file.write("10,Pop\n")
    done = grader("score", files / "table.csv", "--truth", files / "labels.csv")
    assert done.returncode == 1
    assert "1 labelled clip(s) have no row ('000010')" in done.stdout
    assert "log loss" not in done.stdout
    done = grader("score", files / "table.csv", "--truth", files / "labels.csv", "--subset")
    assert "clips     2\n" in done.stdout


@pytest.mark.parametrize("place", [".", "labels.csv/place", "x" * 300])
def test_a_result_that_cannot_be_written_is_an_error_message(files: Path, place: str) -> None:
    done = grader(
        "score", files / "table.csv", "--truth", files / "labels.csv", "--json", files / place
    )
    assert done.returncode == 2
    assert done.stderr.startswith("python -m grader score: ")
    assert "Traceback" not in done.stderr


def test_an_invalid_table_gets_no_score(files: Path) -> None:
    with (files / "table.csv").open("a") as file:
        file.write("x,1\n")
    done = grader("score", files / "table.csv", "--truth", files / "labels.csv")
    assert done.returncode == 1
    assert "line 4: cells" in done.stdout
    assert "log loss" not in done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,genre\n1,Rock\n", "needs the columns"),
        ("file_id,genre\na,Polka\n", "line 2: 'Polka'"),
        ("file_id,genre\na,Rock\na,Pop\n", "line 3: 'a' stands twice"),
        ("file_id,genre\n", "no label"),
    ],
)
def test_bad_labels(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(GraderError, match=message):
        read_labels(tmp_path / "labels.csv")


def test_labels_of_either_kind(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("genre_top,file_id\nRock,7\n")
    (tmp_path / "b.csv").write_text("track_id,genre\n7,Rock\n")
    assert read_labels(tmp_path / "a.csv") == {"7": GENRES.index("Rock")}
    assert read_labels(tmp_path / "b.csv") == {"000007": GENRES.index("Rock")}


def test_leaderboard_of_2018() -> None:
    """The order of the challenge's own table, and a submission without a score at its end."""
    published = [
        Result("mimbres", "passed", 2.08, 0.60, 0.4), Result("hglim", "passed", 1.34, 0.64, 0.4),
        Result("late | <b>", "time limit"), Result("minzwon & jaehun", "passed", 1.31, 0.63, 0.4),
        Result("tied", "passed", 1.34, 0.5, 0.4), Result("late | <b>", "time limit"),
    ]  # fmt: skip
    assert markdown(published).splitlines()[2:] == [
        "| 1 | minzwon & jaehun | 1.3100 | 63.0% | 40.0% |",
        "| 2 | hglim | 1.3400 | 64.0% | 40.0% |",
        "| 2 | tied | 1.3400 | 50.0% | 40.0% |",
        "| 4 | mimbres | 2.0800 | 60.0% | 40.0% |",
        "| - | late \\| &lt;b> | time limit | | |",
        "| - | late \\| &lt;b> | time limit | | |",
    ]


def test_leaderboard_of_results(files: Path) -> None:
    for name in ("even", "other"):
        grader("score", files / "table.csv", "--truth", files / "labels.csv", "--name", name,
               "--json", files / f"{name}.json")  # fmt: skip
    done = grader("leaderboard", files / "even.json", files / "other.json")
    assert done.stdout.count("| 1 |") == 2
    assert grader("leaderboard", files / "labels.csv").returncode == 2
    assert grader("leaderboard", files / "none.json").returncode == 2


def test_only_what_passed_is_ranked(tmp_path: Path) -> None:
    scores = {"log_loss": 1.0, "accuracy": 0.9, "macro_f1": 0.5}
    for name, verdict in (("fair", "passed"), ("foul", "network attempted")):
        report = {"name": name, "verdict": verdict, "scores": scores}
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(json.dumps(report))
    done = grader("leaderboard", tmp_path / "foul", tmp_path / "fair")
    assert done.stdout.splitlines()[2:] == [
        "| 1 | fair | 1.0000 | 90.0% | 50.0% |", "| - | foul | network attempted | | |"
    ]  # fmt: skip


@pytest.mark.parametrize("score", ["NaN", "-1", "Infinity", '"1"', "null", "9" * 5000, "[" * 5000])
def test_an_invalid_result_is_left_out(tmp_path: Path, score: str) -> None:
    text = '{"name": "%s", "scores": {"log_loss": %s, "accuracy": 0.9, "macro_f1": 0.5}}'
    (tmp_path / "foul.json").write_text(text % ("foul", score))
    (tmp_path / "fair.json").write_text(text % ("fair\\u001b[2J", "1"))
    done = grader("leaderboard", tmp_path / "foul.json", tmp_path / "fair.json")
    assert done.returncode == 2
    assert "foul.json: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[2:] == ["| 1 | fair\\x1b[2J | 1.0000 | 90.0% | 50.0% |"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_submission_and_leaves_no_folder(
    payload: Path, tmp_path: Path, number: signal.Signals
) -> None:
    repository, scratch = tmp_path / "repository", tmp_path / "scratch"
    repository.mkdir()
    scratch.mkdir()
    (repository / "run.sh").write_text("#!/bin/bash\necho $$ started\nsleep 1000\n")
    (repository / "run.sh").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "run", repository, payload, "--engine", "local", "-o",
         tmp_path / "graded"],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(scratch)},
    )  # fmt: skip
    log = tmp_path / "graded" / "run.log"
    while process.poll() is None and not (log.exists() and "started" in log.read_text()):
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait() == 128 + number
    assert list(scratch.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text().split()[0]), 0)


def test_every_tag_gets_its_report(payload: Path, tmp_path: Path) -> None:
    repository = Path(shutil.copytree(SUBMISSIONS / "sound", tmp_path / "team"))
    git(repository, "init", "--quiet")
    for number, tag in enumerate(("v1", "v2")):
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "-m", tag, when=number)
        git(repository, "tag", tag, when=number)
        (repository / "run.sh").write_text("#!/bin/bash\nexit 4\n")
    done = grader("grade", repository, payload, "--engine", "local", "--tags", 10, "-o",
                  tmp_path / "graded")  # fmt: skip
    assert done.returncode == 1
    verdicts = {
        tag: json.loads((tmp_path / "graded" / tag / "report.json").read_text())["verdict"]
        for tag in ("v1", "v2")
    }
    assert verdicts == {"v1": "passed", "v2": "non-zero exit"}
    assert done.stdout.index("non-zero exit") < done.stdout.index("verdict   passed")


class Tags(HTMLParser):
    """Collects the names and addresses of a page's elements."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_grade_writes_a_report(payload: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file_id,genre\nshort,Blues\nblues-shuffle,Rock\n")
    done = grader("grade", SUBMISSIONS / "sound", payload, "--engine", "local", "--truth",
                  tmp_path / "labels.csv", "-o", tmp_path / "graded")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "4 clip(s) have no label" in done.stdout
    report = json.loads((tmp_path / "graded" / "report.json").read_text())
    assert report["verdict"] == "passed"
    assert report["scores"] == {
        "clips": 2, "log_loss": 2.7726, "accuracy": 0.5, "macro_f1": report["scores"]["macro_f1"]
    }  # fmt: skip
    assert report["run"]["clips"] == 6
    assert "no container" in report["notes"][0]
    board = grader("leaderboard", tmp_path / "graded")
    assert "| 1 | sound | 2.7726 | 50.0% |" in board.stdout
    page = (tmp_path / "graded" / "report.html").read_text()
    assert "Old-Time / Historic" in page


def test_the_page_escapes_and_needs_nothing_from_outside(payload: Path, tmp_path: Path) -> None:
    repository = tmp_path / "<b>&repository"
    repository.mkdir()
    (repository / "run.sh").write_text(
        "#!/bin/bash\necho '<script>alert(1)</script>'\nprintf '\\xff\\x00'\n"
        "printf 'file_id\\n<img src=x>,1\\n' >\"$OUTPUT_PATH\"\n"
    )
    (repository / "run.sh").chmod(0o755)
    done = grader("grade", repository, payload, "--engine", "local", "-o", tmp_path / "graded")
    assert done.returncode == 1
    page = (tmp_path / "graded" / "report.html").read_text()
    assert "&lt;script&gt;alert(1)" in page
    tags = Tags()
    tags.feed(page)
    assert not tags.names & {"script", "img", "b", "link", "iframe"}
    assert tags.addresses == []


def test_control_characters_reach_neither_terminal_nor_report(
    payload: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "run.sh").write_text(
        "#!/bin/bash\n"
        "printf '\\e[2Jlog\\u202e\\u009b\\x7f\\n' >&2\n"
        "printf 'file_id\\e[2J\\na\\e]0;x\\a.mp\\e[4,1\\n' >\"$OUTPUT_PATH\"\n"
        "exit 3\n"
    )
    (repository / "run.sh").chmod(0o755)
    (repository / "\x1b[2J.h5").touch()
    done = grader("grade", repository, payload, "--engine", "local", "-o", tmp_path / "graded")
    validated = grader("validate", tmp_path / "graded" / "table.csv", "--clips", payload)
    folder = tmp_path / "graded"
    page, report = ((folder / name).read_text() for name in ("report.html", "report.json"))
    texts = [done.stdout, done.stderr, validated.stdout, page, report]
    for text in texts:
        assert text.replace("\n", "").replace("\t", "").isprintable()
    assert "last line: \\x1b[2Jlog\\u202e\\x9b\\x7f" in done.stdout
    assert "\\x1b[2Jlog" in page
    assert "\\x1b]0;x\\x07" in validated.stdout


def test_an_earlier_report_is_replaced_and_nothing_else(payload: Path, tmp_path: Path) -> None:
    arguments = ("run", SUBMISSIONS / "sound", payload, "--engine", "local", "-o")
    assert grader(*arguments, tmp_path / "graded").returncode == 0
    assert grader(*arguments, tmp_path / "graded").returncode == 0
    done = grader(*arguments, payload)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert len(list(payload.iterdir())) == 6


@pytest.mark.parametrize(
    "arguments",
    [("run", "--memory", "much"), ("run", "--env", "1=2"), ("walk",), (), ("score", "x.csv")],
)
def test_wrong_use_is_told_in_a_line(arguments: tuple[str, ...]) -> None:
    done = grader(*arguments, *(("image", "clips") if arguments[:1] == ("run",) else ()))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(r"^(usage|python)", done.stderr)


def test_without_an_engine_it_says_what_to_do(payload: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", "run", "x", str(payload), "-o", str(tmp_path / "out")],
        cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(r"no Docker engine|docker is not installed|docker info", done.stderr)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try: main(sys.argv[1:])\nfinally: print(sorted(sys.modules), file=sys.stderr)"
    )
    for arguments in (["--help"], ["grade", "--help"], ["score", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
        )
        for heavy in ("numpy", "yaml", "jinja2", "tensorflow", "pandas"):
            assert f"'{heavy}'" not in done.stderr, (arguments, heavy)
