"""The real decoding, which also tells what each clip cost. Given to ``Decoders`` by the fuzzer."""

import os
import re
import resource
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from model import audio, decoding
from model.clips import Notice

REASON = "cost"
_WORDS = "cost {:.0f} ms, {:.0f} MB"
_PATTERN = re.compile(r"cost (\d+) ms, (\d+) MB")

_real_load = audio.load


def _cost(begun: float) -> str:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(one).ru_maxrss for one in whose) / 1024
    return _WORDS.format(1000 * (_spent() - begun), peak)


def _spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _load(path: Path, rate: int) -> audio.Waveform:
    begun = _spent()
    try:
        waveform = _real_load(path, rate)
    except audio.UndecodableError as error:
        detail = f"{error.notice.detail} ({_cost(begun)})"
        raise audio.UndecodableError(error.notice.reason, detail) from None
    return replace(waveform, notices=(*waveform.notices, Notice(REASON, _cost(begun))))


def serve(connection: Connection, front_end: dict[str, Any]) -> None:
    """Serve as ``model.decoding`` does, with the cost in the last notice."""
    audio.load = _load
    decoding.serve(connection, front_end)


def cost(notices: tuple[Notice, ...]) -> tuple[int, int]:
    """CPU milliseconds of a clip and peak megabytes of its process so far; 0 where unknown."""
    found = [match for notice in notices if (match := _PATTERN.search(notice.detail))]
    return (int(found[-1][1]), int(found[-1][2])) if found else (0, 0)
