"""The command line from outside: what a person and a grader get."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import model
from model import __version__, systems
from model.clips import file_id
from model.genres import GENRES
from model.outputs import submission
from model.systems import cards
from tests.conftest import CLIPS, ROOT, Run
from tests.support import cheap_system
from tests.support.runs import errors
from tests.support.zoo import Specimen, build_zoo

HEAVY = ("tensorflow", "keras", "librosa", "pandas", "numpy", "scipy", "soundfile")
OPTIONAL = ("pandas", "librosa", "sklearn", "jinja2", "pyarrow", "mutagen", "model.outputs.report",
            "tensorflow", "keras", "h5py")  # fmt: skip


def run_and_list_imports(
    *arguments: object,
) -> tuple["subprocess.CompletedProcess[str]", set[str]]:
    """A run of ``predict.py``, and the names of all modules that it imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "predict.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}


def test_a_plain_run_imports_no_package_of_an_option(tmp_path: Path) -> None:
    code = "import sys; from model.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, CLIPS / "rock-band.mp3", "-o", tmp_path / "o.csv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert "onnxruntime" in imported
    assert imported.isdisjoint(OPTIONAL)


def test_help_is_quick() -> None:
    before = os.times()
    done, _ = run_and_list_imports("--help")
    after = os.times()
    seconds = sum(after[2:4]) - sum(before[2:4])
    assert done.returncode == 0
    assert seconds < 0.3, "0.15 s is the aim; twice as much is allowed on a busy machine"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--help"], 0, "Exit codes"),
        (["--version"], 0, __version__),
        (["--list-systems"], 0, "(default)"),
        (["--no-such-option"], 2, "unrecognized arguments"),
        (["--top", "-1", "x"], 2, "at least 0"),
        (["--workers", "0", "x"], 2, "at least 1"),
        (["--device", "tpu", "x"], 2, "one of auto, cpu, gpu"),
        (["--system", "nonesuch", "x"], 2, "there are: "),
        (["no-such-folder"], 2, "no such folder"),
        (["model"], 2, "no .mp3 file in model"),
        ([], 2, "no clips were named"),
    ],
)
def test_what_needs_no_work_imports_nothing_large(
    arguments: list[str], code: int, message: str
) -> None:
    done, imported = run_and_list_imports(*arguments)
    said = done.stdout + "".join(
        line for line in done.stderr.splitlines(keepends=True) if not line.startswith("import time")
    )
    assert done.returncode == code
    assert message in said
    assert "Traceback" not in said
    assert imported.isdisjoint(HEAVY)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Specimen], list[str]]:
    """A folder of the zoo and thirty good clips, the specimens, and the good ids."""
    folder = tmp_path_factory.mktemp("mixed")
    specimens = build_zoo(folder, CLIPS / "rock-band.mp3")
    good = []
    for number in range(3):
        for path in sorted(CLIPS.glob("*.mp3")):
            good.append(f"good {number} {path.stem}")
            shutil.copy(path, folder / f"{good[-1]}.mp3")
    return folder, specimens, good


@pytest.fixture(scope="module")
def graded(
    mixed: tuple[Path, list[Specimen], list[str]],
    tmp_path_factory: pytest.TempPathFactory,
    predict: Run,
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """The table of the mixed folder, and what was printed."""
    table = tmp_path_factory.mktemp("graded") / "not" / "there yet" / "output.csv"
    return table, predict(mixed[0], "-o", table, "--verbose")


def test_every_file_has_a_row_and_every_bad_one_is_named(
    mixed: tuple[Path, list[Specimen], list[str]],
    graded: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    _, specimens, good = mixed
    table, done = graded
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"Output file written at {table}"
    rows = submission.read(table)
    assert len(specimens) >= 30
    assert [row.file_id for row in rows] == sorted(
        [*good, *(file_id(specimen.name) for specimen in specimens)]
    )
    noted = errors(table)
    for specimen in specimens:
        lines = noted.get(file_id(specimen.name), [])
        assert {line["row"] for line in lines} <= {specimen.expectation}, specimen
        reasons = {line["reason"] for line in lines}
        assert reasons & specimen.reasons if specimen.reasons else not reasons, specimen
        assert all(line["detail"] for line in lines), specimen
    assert noted.keys().isdisjoint(good)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, predict: Run) -> bytes:
    """The table of the sample clips without any option."""
    table = tmp_path_factory.mktemp("plain") / "plain.csv"
    done = predict(CLIPS, "-o", table)
    assert done.returncode == 0, done.stderr
    return table.read_bytes()


def test_a_bad_file_does_not_change_the_row_of_a_good_one(
    graded: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path, predict: Run
) -> None:
    alone = tmp_path / "alone.csv"
    assert predict(CLIPS, "-o", alone, "--workers", 1, "--batch-size", 3).returncode == 0
    mixed_rows = {row.file_id: row.probabilities for row in submission.read(graded[0])}
    for row in submission.read(alone):
        for number in range(3):
            assert mixed_rows[f"good {number} {row.file_id}"] == pytest.approx(
                row.probabilities, abs=1e-6
            )
    assert not submission.errors_path(alone).exists()


def test_the_console_shows_no_chatter(
    graded: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    lines = graded[1].stderr.splitlines()
    assert lines[0].endswith(f"clips, system {systems.DEFAULT}, expected mix of genres: uniform")
    assert not [line for line in lines if "oneDNN" in line and not line.startswith("TensorFlow:")]
    assert not [line for line in lines if "libmpg123" in line]


def test_strict_top_and_quiet(tmp_path: Path, predict: Run) -> None:
    shutil.copy(CLIPS / "spoken-word.mp3", tmp_path / "good\nline.mp3")
    (tmp_path / "bad.mp3").touch()
    table = tmp_path / "o.csv"
    done = predict(tmp_path, "-o", table, "--strict", "--top", "2", "--quiet")
    assert done.returncode == 3
    assert done.stderr == ""
    bad, good, last = done.stdout.splitlines()
    assert "(prior: no usable audio)" in bad
    assert good.startswith("good\\nline ")
    assert sum(genre in good for genre in GENRES) >= 2
    assert last == f"Output file written at {table}"
    assert len(submission.read(table)) == 2


def test_of_colliding_names_the_second_is_reported(tmp_path: Path, predict: Run) -> None:
    for name in ("a.mp3", "a.MP3"):
        shutil.copy(CLIPS / "rock-band.mp3", tmp_path / name)
    table = tmp_path / "o.csv"
    done = predict(tmp_path, "-o", table)
    assert done.returncode == 0
    assert [row.file_id for row in submission.read(table)] == ["a"]
    (line,) = errors(table)["a"]
    assert (line["reason"], line["row"]) == ("duplicate", "none")
    assert line["path"].endswith("a.mp3")
    assert "duplicate: 1 (a.mp3)" in done.stderr


def test_the_prior_moves_the_probabilities(tmp_path: Path, predict: Run) -> None:
    only_jazz = tmp_path / "prior.json"
    only_jazz.write_text('{"Jazz": 1}')
    table = tmp_path / "o.csv"
    clip = CLIPS / "rock-band.mp3"
    assert predict(clip, "-o", table, "--prior", only_jazz).returncode == 0
    (row,) = submission.read(table)
    assert row.probabilities[GENRES.index("Jazz")] > 0.99


def test_without_calibration_the_row_is_the_networks_softmax(tmp_path: Path) -> None:
    choices, rows = ("card", "on", "off"), {}
    common = [str(CLIPS / "rock-band.mp3"), "--prior", "train"]
    runs = [[*common, "-o", f"{tmp_path / name}.csv", "--calibration", name] for name in choices]
    code = f"from model.cli.main import main; print([main(run) for run in {runs}])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[0, 0, 0]"
    for choice in choices:
        (row,) = submission.read(tmp_path / f"{choice}.csv")
        rows[choice] = np.array(row.probabilities)
    assert (rows["card"] == rows["on"]).all()
    calibration = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).calibration
    found = calibration.posteriors(np.log(rows["off"]))
    np.testing.assert_allclose(found, rows["on"], atol=1e-4)
    assert np.abs(rows["on"] - rows["off"]).max() > 1e-3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither fma, uniform, train, estimate nor a file"),
        ("[1]", "not a json object"),
        ('{"Polka": 1}', "unknown genres"),
        ('{"Jazz": 0}', "sum > 0"),
    ],
)
def test_a_wrong_prior_is_a_usage_error(
    tmp_path: Path, predict: Run, content: str | None, message: str
) -> None:
    prior = tmp_path / "prior.json"
    if content:
        prior.write_text(content)
    done = predict(CLIPS, "-o", tmp_path / "o.csv", "--prior", prior)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "o.csv").exists()


def test_an_output_that_cannot_be_written_is_fatal_before_the_work(
    tmp_path: Path, predict: Run
) -> None:
    done = predict(CLIPS, "-o", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"predict.py: {tmp_path}: is a folder; name a file to write"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path, predict: Run) -> None:
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "fifo", Path(os.devnull)):
        done = predict(CLIPS, "-o", place)
        assert done.returncode == 1
        assert done.stderr == f"predict.py: {place}: is a pipe or a device; name a file to write\n"
    assert (tmp_path / "fifo").is_fifo()


@pytest.mark.parametrize("streams", ["2>&-", ">&- 2>&-", "2>/dev/full", ">/dev/full"])
def test_streams_that_cannot_be_written_do_not_cost_the_table(
    tmp_path: Path, predict: Run, streams: str
) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    cheap_system.write_card(weights)
    table = tmp_path / "o.csv"
    command = f'"$1" -m tests.support.cheap_system "$2" "$3" -o "$4" --top 1 {streams}'
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, weights, CLIPS, table],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(submission.read(table)) == len(list(CLIPS.glob("*.mp3")))
    assert "Traceback" not in done.stderr


def test_a_persons_keras_settings_change_nothing(
    tmp_path: Path, predict: Run, plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".keras").mkdir()
    settings = {"image_data_format": "channels_first", "floatx": "float16", "backend": "torch"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("HOME", str(tmp_path))
    done = predict(CLIPS, "-o", tmp_path / "settings.csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "settings.csv").read_bytes() == plain


def test_run_sh_gives_the_same_bytes_from_a_read_only_copy_without_network(
    tmp_path: Path, plain: bytes
) -> None:
    """As uid 1001, from /, through a link, with an empty environment and no network."""
    probe = ["unshare", "--user", "--map-user=1001", "--map-group=1001", "--net", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False).returncode:
        pytest.skip("this machine allows no user namespaces: run.sh was not tried without network")
    code, payload, out = (tmp_path / name for name in ("code", "pay load", "out"))
    for name in ("model", "weights"):
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("predict.py", "run.sh"):
        shutil.copy(ROOT / name, code / name)
    (code / ".venv").symlink_to(sys.prefix)
    shutil.copytree(CLIPS, payload)
    out.mkdir()
    (tmp_path / "run.sh").symlink_to(code / "run.sh")
    for folder in (code, payload):
        subprocess.run(["chmod", "-R", "a-w", folder], check=True)
    try:
        environment = {
            "PATH": "/usr/bin:/bin",
            "TEST_DIRECTORY": f"{payload}/",
            "OUTPUT_PATH": f"{out}/output.csv",
            "SYSTEM": systems.DEFAULT,
        }
        done = subprocess.run(
            [*probe[:-1], tmp_path / "run.sh", "--top", "1", "--prior", "uniform"],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["chmod", "-R", "u+w", code, payload], check=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"Output file written at {out}/output.csv"
    assert len(done.stdout.splitlines()) == 1 + len(list(CLIPS.glob("*.mp3")))
    assert (out / "output.csv").read_bytes() == plain


@pytest.mark.parametrize(("chosen", "expected"), [({}, "best"), ({"SYSTEM": "agf"}, "agf")])
def test_run_sh_takes_the_slow_system_unless_another_is_named(
    tmp_path: Path, chosen: dict[str, str], expected: str
) -> None:
    shutil.copy(ROOT / "run.sh", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "NB_PYTHON_PREFIX": "/nowhere"} | chosen
    done = subprocess.run(
        [tmp_path / "run.sh"], env=environment, capture_output=True, text=True, check=True
    )
    assert f" --system {expected} " in done.stdout
    assert " --format csv " in done.stdout, "whatever OUTPUT_PATH is called"
    assert " --prior fma " in done.stdout


def test_run_sh_says_when_there_is_no_python(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run.sh", tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "readlink"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        [tmp_path / "bin" / "bash", tmp_path / "run.sh"],
        env={"PATH": os.fspath(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no Python found" in done.stderr


def test_weights_of_your_own_are_used(tmp_path: Path, predict: Run) -> None:
    """A renamed copy of the weights of a shipped system gives its table."""
    card = cards.read("random", systems.WEIGHTS_FOLDER)
    shutil.copy(systems.WEIGHTS_FOLDER / card.weights.file, tmp_path)
    own = tmp_path / "mine.json"
    shutil.copy(systems.WEIGHTS_FOLDER / "random.json", own)
    own.write_text(own.read_text().replace('"name": "random"', '"name": "mine"'))
    tables = []
    for name, chosen in (("a", ["--system", "random"]), ("b", ["--weights", own])):
        table = tmp_path / f"{name}.csv"
        done = predict(CLIPS, "-o", table, "--device", "cpu", *chosen)
        assert done.returncode == 0, done.stderr
        tables.append(table.read_bytes())
    assert "system mine" in done.stderr
    assert tables[0] == tables[1]
    classifier = model.load(weights=own, device="cpu", workers=1)
    assert classifier.card.name == "mine"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [("mine.h5", 2, "a file named .json"), ("gone.json", 1, "gone.json: there is no such card")],
)
def test_weights_that_cannot_be_used_are_named(
    tmp_path: Path, predict: Run, name: str, code: int, message: str
) -> None:
    done = predict(CLIPS, "-o", tmp_path / "a.csv", "--weights", tmp_path / name)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
