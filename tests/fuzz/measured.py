"""The real decoding, which also tells what each clip cost. The fuzzer's pool runs it."""

import os
import re
import resource
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from model.clips import Notice
from model.decoding import audio, worker
from model.decoding.decoders import DECODERS, Decoder
from model.decoding.decoders.reading import Reading
from model.frontends.parameters import AnyFrontEnd

REASON = "cost"
_WORDS = "cost {:.0f} ms, {:.0f} MB, {} deaths"
_PATTERN = re.compile(r"cost (\d+) ms, (\d+) MB, (\d+) deaths")

_real_load = audio.load
_deaths: list[str] = []


def _cost(begun: float) -> str:
    # Not ru_maxrss of this process, which includes the memory of the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    own = int(status.partition("VmHWM:")[2].split()[0])
    peak = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    return _WORDS.format(1000 * (_spent() - begun), peak, len(_deaths))


def _spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _load(path: Path, rate: int) -> audio.Waveform:
    begun = _spent()
    _deaths.clear()
    try:
        waveform = _real_load(path, rate)
    except audio.UndecodableError as error:
        detail = f"{error.notice.detail} ({_cost(begun)})"
        raise audio.UndecodableError(error.notice.reason, detail) from None
    return replace(waveform, notices=(*waveform.notices, Notice(REASON, _cost(begun))))


def _watched(decoder: Decoder) -> Decoder:
    """The same decoder, whose deaths in a process of its own are counted."""

    def read(path: Path, seconds: float, start: float | None = None) -> Reading:
        try:
            return decoder.read(path, seconds, start)
        except RuntimeError as error:
            if "ended " in str(error):
                _deaths.append(decoder.name)
            raise

    return replace(decoder, read=read)


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Serve as ``model.decoding.worker`` does, with the cost in the last notice."""
    audio.load = _load
    audio.DECODERS = tuple(map(_watched, DECODERS))  # type: ignore[assignment,attr-defined]
    worker.serve(connection, front_end)


class Cost(NamedTuple):
    """What a clip cost: CPU, peak memory of its process so far, and deaths of decoders apart."""

    milliseconds: int = 0
    megabytes: int = 0
    deaths: int = 0


def cost(notices: tuple[Notice, ...]) -> Cost:
    """What the notices of a clip tell of its cost; zeros where they do not."""
    found = [match for notice in notices if (match := _PATTERN.search(notice.detail))]
    return Cost(*map(int, found[-1].groups())) if found else Cost()
