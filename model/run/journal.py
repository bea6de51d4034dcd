"""What is finished of a run, so that the same command goes on after a kill.

Layout of ``<output>.journal/``:

- ``lock``: held with ``flock`` while a run uses the journal.
- ``run.json``: the fingerprint of everything that changes an entry. Another fingerprint makes the
  rest worthless, and it is dropped.
- ``rows.jsonl``: a line for each finished clip, appended: the CRC-32 of the rest of the line in
  eight hexadecimal digits, a space, and a json object with the clip's path, size and modification
  time, its posterior or null, its notices, and what else was asked for (``arrays``: arrays by name,
  each as type, shape and base64).

Posteriors are those under the class mix of the training clips. The prior that a person expects
comes in when the table is written, so that another one needs no new look at any clip: it is no part
of the fingerprint.

A line counts when it is complete and its CRC is right; the first that is not, and all after it, are
cut off when the journal is opened. A clip is finished when its path, size and time are those of a
line that has all that is wanted, and whose probabilities are valid. Lines reach the disk at least
every 256 clips, so that power loss costs few of them. A clip whose prediction is missing for a
reason that may have gone, such as a timeout or a missing file, is tried again by the next run.
"""

import base64
import contextlib
import json
import logging
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.clips import Clip, Notice
from model.errors import GenreError
from model.files import atomic_file, lock
from model.options import WINDOWS
from model.outputs.paths import journal_folder
from model.outputs.submission import violation
from model.results import Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_ROWS, _RUN, _LOCK = "rows.jsonl", "run.json", "lock"
_FIELDS = {"path", "size", "time", "posterior", "notices", "arrays"}
_TEMPORARY = {
    "missing", "unreadable", "permission", "not_a_file", "timeout", "crash", "memory", "failure"
}  # fmt: skip
"""Reasons for a missing prediction that need not come from the content of the file."""

_READ = 1 << 14
"""Bytes that are read at once."""

_SYNC_LINES = 256
_ABSENT = -1


class Journal:
    """Entries of the clips of one run, kept in a folder beside the output; a context manager.

    Args:
        output: the table that the run shall write.
        clips: clips of the run, in order.
        fingerprint: everything that changes an entry, as json values.
        resume: whether finished clips of an earlier run count.
        wanted: names of the arrays that an entry with a posterior must have kept.

    Raises:
        GenreError: on entering, another run holds the journal, or it cannot be written.
    """

    def __init__(
        self,
        output: Path,
        clips: Sequence[Clip],
        fingerprint: Mapping[str, object],
        resume: bool = True,
        wanted: Iterable[str] = (),
    ) -> None:
        self.folder = journal_folder(output)
        self._clips = clips
        self._fingerprint = json.dumps(fingerprint, sort_keys=True)
        self._resume = resume
        self._wanted = frozenset(wanted)
        self._offsets = array("q", [_ABSENT]) * len(clips)
        self._sizes = array("q", bytes(8 * len(clips)))
        self._times = array("q", bytes(8 * len(clips)))
        self._unsynced = 0
        self._lock = contextlib.ExitStack()

    def __enter__(self) -> "Journal":
        try:
            self._lock.enter_context(lock(self.folder / _LOCK))
            self._rows = self._open_rows()
        except OSError as error:
            raise GenreError(
                f"{self.folder}: the journal cannot be written: {error.strerror}"
            ) from None
        for index, clip in enumerate(self._clips):
            self._sizes[index], self._times[index] = _stamp(clip.path)
        self._end = self._read_rows()
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._rows)
        self._lock.close()

    def unfinished(self) -> list[int]:
        """Indices of the clips without an entry, in order."""
        return [index for index, offset in enumerate(self._offsets) if offset == _ABSENT]

    def add(self, index: int, prediction: Prediction) -> None:
        """Note that a clip is finished.

        Raises:
            GenreError: the line cannot be written, because the disk is full for instance.
        """
        path = self._clips[index].path
        line = encode_record(path, prediction, self._sizes[index], self._times[index])
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._rows, line[written:], self._end + written)
            self._unsynced += 1
            if self._unsynced >= _SYNC_LINES:
                os.fsync(self._rows)
                self._unsynced = 0
        except OSError as error:
            raise GenreError(
                f"{self.folder}: the journal cannot be written: {error.strerror}; make room and "
                "run the same command again, it goes on from here"
            ) from None
        self._offsets[index] = self._end
        self._end += len(line)

    def predictions(self) -> Iterator[Prediction | None]:
        """The entry of each clip in order, None for a clip that is not finished."""
        for offset in self._offsets:
            if offset == _ABSENT:
                yield None
            else:
                yield decode_prediction(json.loads(self._line(offset)[9:]))

    def remove(self) -> None:
        """Delete the journal's files; its lock is held to the end of the context."""
        for name in (_ROWS, _RUN, _LOCK):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it holds files of somebody else
            self.folder.rmdir()

    def _line(self, offset: int) -> bytes:
        """The line at an offset, also if somebody deleted the file meanwhile."""
        line = b""
        while b"\n" not in line and (more := os.pread(self._rows, _READ, offset + len(line))):
            line += more
        return line.partition(b"\n")[0]

    def _open_rows(self) -> int:
        """Open the rows, without those of another fingerprint."""
        described = self.folder / _RUN
        try:
            known = json.dumps(json.loads(described.read_bytes()), sort_keys=True)
        except (OSError, ValueError):
            known = ""
        rows = os.open(self.folder / _ROWS, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        if known != self._fingerprint or not self._resume:
            if self._resume and os.fstat(rows).st_size:
                log.warning(
                    "%s: is of another version or of other options, so all clips are classified "
                    "anew", self.folder,
                )  # fmt: skip
            os.truncate(rows, 0)
            os.fsync(rows)
            with atomic_file(described) as file:
                file.write(self._fingerprint)
        return rows

    def _read_rows(self) -> int:
        """Find the entries of our clips, cut off what is damaged; returns the end of the rows."""
        end = 0
        if not os.fstat(self._rows).st_size:
            return end
        places = {clip.path: index for index, clip in enumerate(self._clips)}
        with os.fdopen(os.dup(self._rows), "rb") as file:
            file.seek(0)
            for line in file:
                fields = decode_record(line)
                if fields is None:
                    break
                index = places.get(fields["path"])
                if index is not None:
                    self._offsets[index] = end if self._counts(fields, index) else _ABSENT
                end += len(line)
        os.truncate(self._rows, end)
        return end

    def _counts(self, fields: Mapping[str, Any], index: int) -> bool:
        """Whether a line is about the file as it is now, and has all that is wanted."""
        same = [self._sizes[index], self._times[index]] == [fields["size"], fields["time"]]
        if not same or not is_valid(fields):
            return False
        if fields["posterior"] is None:
            return not any(reason in _TEMPORARY for reason, _ in fields["notices"])
        return bool(self._wanted <= fields["arrays"].keys())


def encode_record(
    path: str, prediction: Prediction, size: int = _ABSENT, time: int = _ABSENT
) -> bytes:
    """Encode the prediction of a clip as one line of a journal.

    Args:
        path: path of the clip.
        prediction: what the network says of the clip.
        size: bytes of the clip's file, -1 where a change of the file need not be noticed.
        time: modification time of the clip's file in nanoseconds, or -1.
    """
    fields = {
        "path": path,
        "size": size,
        "time": time,
        "posterior": prediction.posterior,
        "notices": [[notice.reason, notice.detail] for notice in prediction.notices],
        "arrays": {name: _text(values) for name, values in prediction.arrays.items()},
    }
    content = json.dumps(fields).encode()
    return b"%08x %s\n" % (zlib.crc32(content), content)


def decode_record(line: bytes) -> dict[str, Any] | None:
    """The fields of a line of a journal, or None for a damaged line."""
    if not line.endswith(b"\n") or line[:9] != b"%08x " % zlib.crc32(line[9:-1]):
        return None
    try:
        fields = json.loads(line[9:])
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not fields.keys() >= _FIELDS:
        return None
    return fields if isinstance(fields["path"], str) else None


def is_valid(fields: Mapping[str, Any]) -> bool:
    """Whether a record holds a prediction that may be written: probabilities are probabilities."""
    try:
        prediction = decode_prediction(fields)
        rows = [] if prediction.posterior is None else [prediction.posterior]
        if WINDOWS in prediction.arrays:
            rows += prediction.arrays[WINDOWS][:, 2:].tolist()
        return not any(map(violation, rows))
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def decode_prediction(fields: Mapping[str, Any]) -> Prediction:
    """The prediction in the fields of a line of a journal."""
    return Prediction(
        None if fields["posterior"] is None else tuple(fields["posterior"]),
        tuple(Notice(*notice) for notice in fields["notices"]),
        {name: _values(*text) for name, text in fields["arrays"].items()},
    )


def _text(values: "NDArray[Any]") -> tuple[str, tuple[int, ...], str]:
    """An array as json values: type, shape, bytes in base64."""
    content = base64.b64encode(values.tobytes()).decode("ascii")
    return values.dtype.str, values.shape, content


def _values(kind: str, shape: Sequence[int], content: str) -> "NDArray[Any]":
    import numpy as np

    return np.frombuffer(base64.b64decode(content), kind).reshape(shape)


def _stamp(path: str) -> tuple[int, int]:
    """Size and modification time in nanoseconds, or -1 for a file that cannot be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a string, for which no path is made
    except (OSError, ValueError):  # a name with a null byte
        return -1, -1
    return status.st_size, status.st_mtime_ns
