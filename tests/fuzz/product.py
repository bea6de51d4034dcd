"""The readers of the program, for ``tests.fuzz.readers``."""

import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from model import systems
from model.cli import arguments, merge
from model.cli.console import print_error
from model.clips import Clip, find
from model.errors import GenreError
from model.genres import GENRES
from model.options import Options
from model.outputs import id3, submission
from model.outputs.submission import csv_line
from model.probabilities import priors
from model.results import Prediction
from model.run import identity
from model.run.journal import Journal, encode_record
from model.systems.base import Execution
from tests.fuzz.reader import Reader

UNIFORM = (1 / len(GENRES),) * len(GENRES)
_HEADER = csv_line(submission.HEADER).encode()
_ROW = csv_line(["a", *map(str, UNIFORM)]).encode()
_RECORD = encode_record("/a.mp3", Prediction(UNIFORM))
_CARD = json.loads((systems.WEIGHTS_FOLDER / "prior.json").read_bytes())
_JSON = (b"{", b"}", b"[", b"]", b'"', b":", b",", b"9", b"1e999", b"NaN", b"-", b"0.5", b"null",
         b"true", b"\\ud800", b"\\u001b", b"\n", b"\xff", b"\x1b", b'{"', b'": ')  # fmt: skip
_DEEP = (b"[" * 100_000, b"9" * 5000, b'{"a\\ud800": 1}')


def said_by(read: Callable[[Path], object], content: bytes) -> Iterable[object]:
    """What the program prints when it reads a file with the content."""
    output = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        file = Path(folder, "mine.json")
        file.write_bytes(content)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            try:
                code = read(file)
            except GenreError as error:
                code = print_error("fuzz", error, error.exit_code)
            except SystemExit as end:  # wrong arguments, or --help
                code = end.code
    assert not code or output.getvalue().strip()
    return output.getvalue().splitlines()


def read_card(path: Path) -> None:
    """Read the card of a system without a network, and use it."""
    path.with_name("prior.npy").write_bytes((systems.WEIGHTS_FOLDER / "prior.npy").read_bytes())
    options = Options(("x",), Path("o.csv"), "mine", weights=path)
    card = identity.read_card(options)
    system = systems.load(card, path.parent)
    system.connect(Execution("cpu", 1))
    json.dumps(identity.fingerprint(card, options))


def merged(path: Path, suffix: str = "") -> int:
    """Merge two tables, of which the content is one, or a file that belongs to it."""
    one, two = Path("one.csv"), Path("two.csv")
    one.write_bytes(_HEADER + _ROW)
    two.write_bytes(_HEADER)
    path.rename(submission.side_file(two, suffix) if suffix else two)
    return merge.main([str(one), str(two), "-o", "all.csv"])


def read_as_journal(content: bytes) -> Iterable[object]:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table.csv")
        clips = [Clip("a", "/a.mp3"), Clip("b", "/b.mp3")]
        with Journal(table, clips, {}) as journal:
            (journal.folder / "rows.jsonl").write_bytes(content)
        with Journal(table, clips, {}) as journal:
            for prediction in journal.predictions():
                if prediction and prediction.posterior:
                    assert not submission.violation(prediction.posterior)
        return ()


def read_as_tag(content: bytes) -> Iterable[object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mp3")
        path.write_bytes(content)
        done = id3.change(id3.Wanted(str(path), "Jazz", is_mp3=True), apply=True)
        if done and done.problem:
            assert path.read_bytes() == content
        elif not content.startswith(b"ID3"):
            assert path.read_bytes().endswith(content)
        return [str(done).removeprefix(folder)]


READERS = {
    "list": Reader(
        partial(said_by, lambda path: find([f"@{path}"]) and None),
        (b"a.mp3", b"/", b"..", b"\n", b"\r", b"\0", b"@", b"-o", b"\xff\xfe", b"\x1b[2J",
         b"/dev/"),
        (b"\xff\xfea\0", b"a" * 100_000, b"/dev/zero\n/proc/self/mem\n/\n", b"\n" * 100_000),
    ),
    "prior": Reader(
        partial(said_by, lambda path: priors.named(str(path), UNIFORM) is None),
        (*_JSON, b'{"Rock": '),
        _DEEP,
    ),
    "settings": Reader(
        partial(said_by, lambda path: arguments.parse(["--settings", str(path)], "fuzz") and None),
        (*_JSON, b'{"clips": ["/nowhere/a.mp3"]', b', "prior": ', b', "workers": ', b', "report": ',
         b', "about": ', b'"fma"', b'"--help"', b', "time-limit": '),
        (*_DEEP, b'{"clips": 5}', b'{"clips": [null]}', b'{"clips": ["--help"]}'),
    ),
    "card": Reader(
        partial(said_by, read_card),
        (*_JSON, b'"name"', b'"weights"', b'"front_end"', b'"calibration"', b'"training_prior"'),
        (*_DEEP, *(json.dumps({**_CARD, name: value}).encode() for name in _CARD
                   for value in (None, -1, 10**400, "x\x1b", [], [float("nan")] * 16, {"a": 1}))),
    ),
    "journal": Reader(
        read_as_journal,
        (*_JSON, _RECORD, _RECORD[:9], b'"path"', b'"posterior"'),
        (_RECORD * 500, b"\n" * 100_000, b"[" * 100_000 + b"\n",
         encode_record("/a.mp3", Prediction((float("nan"),) * 16)),
         encode_record("/a.mp3", Prediction((2.0,) * 16))),
    ),
    "part": Reader(
        partial(said_by, merged),
        (_HEADER, _ROW, b"b", b",0.0625" * 16, b",", b'"', b"\n", b"\r", b"1e308", b"nan", b"\0",
         b"0.1_5", b"\xff", b"\x1b[2J"),
        (b"\n" * 100_000, b"," * 100_000, b'"' + b"\n" * 100_000),
    ),
    "errors of a part": Reader(
        partial(said_by, partial(merged, suffix="errors.jsonl")),
        (*_JSON, b'{"file_id": "a", "row": "prior"}\n', b'{"file_id": ', b"\n"),
        _DEEP,
    ),
    "settings of a part": Reader(
        partial(said_by, partial(merged, suffix="settings.json")),
        (*_JSON, b'{"shard": "1/2"', b', "about": ', b', "shard": ', b'"1/0"', b'"9/9"'),
        (*_DEEP, b'{"shard": "x"}', b'{"shard": [1]}', b'{"shard": "1/2", "about": 5}'),
    ),
    "tag": Reader(
        read_as_tag,
        (b"ID3", b"\x03\0\0", b"\x04\0\x80", b"\0\0\0\x0a", b"TCON", b"TIT2", b"\0\0\0\x05\0\0",
         b"\0Rock", b"(17)", b"\xff\0", b"\0" * 10, b"\x01\xff\xfe", b"\0\x80"),
        (b"ID3\x03\0\0\x7f\x7f\x7f\x7f", b"ID3\x03\0\0\0\x01\x00\x00" + b"TCON" * 5000),
    ),
}  # fmt: skip
