"""The readers of the grader, for ``tests.fuzz.readers``."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.engines.engine import Job, Outcome
from grader.engines.limits import Limits
from grader.errors import GraderError
from grader.judging.table import MAX_VIOLATIONS, read_table
from grader.judging.verdict import judge
from grader.logs import last_lines, read_log
from grader.rules.check import MAX_FINDINGS, RULES, check
from grader.text import LONGEST
from model.genres import GENRES
from tests.fuzz.reader import Reader

IDS = ("a", "b")
_NO_PROGRAM = "no such program"


def read_as_table(content: bytes) -> Iterable[object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(content)
        table = read_table(path, IDS)
    assert len(table.violations) <= 12 * MAX_VIOLATIONS
    assert set(table.rows) <= set(IDS)
    assert table.violations or set(table.rows) == set(IDS)
    return table.violations


def read_as_log(content: bytes) -> Iterable[object]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "run.log"
        log.write_bytes(content)
        job = Job("image", folder, folder, Limits())
        tail = last_lines(read_log(log), 100)
        assert len(tail) <= 100
        assert all(len(line) <= LONGEST for line in tail)
        return [
            judge(job, Outcome(code, 1.0, log, network_attempts=attempts), None)
            for code in (0, 1, 127)
            for attempts in (None, 0)
        ]


def read_in_repository(name: str) -> Callable[[bytes], Iterable[object]]:
    """The checks of a repository in which one file has the content."""

    def read(content: bytes) -> Iterable[object]:
        with tempfile.TemporaryDirectory() as folder:
            for script in ("run.sh", "predict.py", "start", "environment.yml"):
                Path(folder, script).touch()
            Path(folder, "run.sh").write_bytes(b"#!/bin/sh\npython predict.py $TEST_DIRECTORY\n")
            Path(folder, name).write_bytes(content)
            try:
                findings = check(Path(folder), _NO_PROGRAM)
            except GraderError as error:
                return [error]
            assert len(findings) <= (MAX_FINDINGS + 1) * (len(RULES) + 1)
            return findings

    return read


_YAML = b"dependencies:\n- python=3.11\n"
READERS = {
    "table": Reader(
        read_as_table,
        (",".join(["file_id", *GENRES]).encode(), b"a", b",0.0625" * 16, b",", b"\n", b'"', b"\r",
         b"1e308", b"nan", b"0.1_5", b"\0", b"\x1b[2J", "\u202e\u0661".encode()),
        (b"\n" * 100_000, b"," * 100_000, b'"' + b"\n" * 100_000, b'"\n",' * 40_000),
    ),
    "environment": Reader(
        read_in_repository("environment.yml"),
        (_YAML, b"- ", b"- pip:\n  - ", b"-r requirements.txt\n", b"&a ", b"*a", b"<<: ", b"!!int ",
         b"!!bool ", b'"', b"\\U", b"ffffffff", b"2001-99-99", b"[", b"]", b"{", b"}", b": ",
         b"\n", b"  ", b"%YAML 1.", b"9", b"? ", b"|", b">", b"a=1", b" @ ", b"\xff", b"\x1b",
         b"::", b"# "),
        (_YAML + b"- 2001-99-99\n", _YAML + b"- " + b"9" * 5000, _YAML + b'- !!int ""\n',
         _YAML + b'- !!bool "zz"\n', _YAML + b'- "\\Uffffffff"\n', b"%YAML 1." + b"9" * 5000),
    ),
    "dockerignore": Reader(
        read_in_repository(".dockerignore"),
        (b"*", b"**", b"**/", b"?", b"[", b"]", b"^", b"-", b"a", b"/", b"!", b"..", b"\n", b"\\",
         b"run.sh", b"z-a", b"&&", b"\xff", b"\0"),
        (b"[z-a]\n", b"a*" * 500, b"p*" * 400 + b"\n", b"[[a]&&[b]]", b"*\n" * 5000),
    ),
    "manifest": Reader(
        read_in_repository("crowdai.json"),
        (b"{", b"}", b"[", b"]", b'"', b"'", b":", b",", b'"challenge_id"', b'"authors"', b"9",
         b"1e999", b"NaN", b"\\ud800", b"\n", b" ", b"\xff", b"\x1b", b"null"),
        (b"[" * 100_000, b"9" * 5000, b'{"challenge_id": ' + b"[" * 300 + b"]" * 300 + b"}",
         b"' " * 50_000, b'{"a\\u001b[2J": 1}'),
    ),
    "log": Reader(
        read_as_log,
        (b"docker", b"dial unix ", b".sock", b"Read-only file system", b"/grading/clips", b"\n",
         b"\r", b"run.sh", b": line ", b"/tmp/output.csv", b"Network is unreachable", b" ",
         b"\x1b[2J", b"\xff", "\u202e\u2028".encode()),
        (b"dial unix " + b"docker" * 30_000, b"dial unix docker" * 10_000, b"\n" * 100_000),
    ),
    "script": Reader(
        read_in_repository("run.sh"),
        (b"#!/bin/bash\n", b"predict.py", b".py", b".sh", b"a", b"/", b"..", b"-", b" ", b"\n",
         b'"', b"docker", b"nvidia-docker run", b"wget ", b"pip install ", b"='x.h5'", b"#",
         b"$TEST_DIRECTORY", b"$(", b")", b"${", b"}", b"`", b"<<A", b"(", b";", b"python ",
         b"bash -c ", b"cd ", b"\r\n", b"\0", b"\x1b[2J", b"\xff"),
        (b"a" * 150_000, b"a.py-" * 30_000, b"docker" + b" " * 150_000, b"'.h5" * 30_000),
    ),
    "python": Reader(
        read_in_repository("predict.py"),
        (b"import ", b"from . import a\n", b"predict", b".a", b"sys.argv[1]", b"x", b" = ", b"\n",
         b"    ", b"def f(x):\n", b"f(", b")", b"[", b"]", b"for path in files:\n", b"try:\n",
         b"except:\n", b"continue\n", b"'", b'"""', b"f'", b"{x}", b"%s", b"+", b" % ", b"-", b"#",
         b"open('a', 'w')", b"os.system('", b"'/data/x.h5'", b"glob(", b"*.mp3", b"\\", b"\0",
         b"lambda:", b"print x", b"\xff", b"\xef\xbb\xbf", b"\x1b[2J", b"match x:\n"),
        (b"-" * 100_000, b"(" * 100_000, b"a" + b".b" * 60_000, b"import a" + b".a" * 60_000,
         b"f'" + b"{a}" * 40_000 + b"'", b"x = '/mnt/x'" + b" + '/mnt/x'" * 5_000),
    ),
    "start": Reader(read_in_repository("start"), (b"exec", b" ", b"\n", b"#", b'"$@"'),
                    (b"\n" * 150_000,)),
    "packages": Reader(read_in_repository("apt.txt"), (b"a", b"=", b"\n", b"#", b"+", b" "),
                       (b"a b\n" * 5000,)),
}  # fmt: skip
