"""Features of many clips in several processes, a few clips ahead, whatever is in the files."""

import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.clips import Clip

_AHEAD = 2
_DIED = "the process that read it died: out of memory, or a crash of the decoder"


@dataclass(frozen=True)
class Outcome:
    """What became of a clip.

    Attributes:
        clip: which one.
        features: shape [518], or None.
        reason: why there are none, empty if there are.
    """

    clip: Clip
    features: NDArray[np.float32] | None
    reason: str = ""


Attempt = Callable[[Clip], Outcome]


def attempt(clip: Clip) -> Outcome:
    """Features of one clip, or why there are none; runs in a worker process."""
    from model.frontends.fma_features.clip import FeaturesError
    from training.data.features_of_file import features_of_file

    try:
        return Outcome(clip, features_of_file(Path(clip.path)))
    except FeaturesError as error:
        return Outcome(clip, None, str(error))
    except MemoryError:
        return Outcome(clip, None, "too long for the memory of this machine")
    except Exception as error:  # one odd file must not end the run
        return Outcome(clip, None, f"{type(error).__name__}: {error}")


def outcomes(clips: Sequence[Clip], workers: int, attempt: Attempt = attempt) -> Iterator[Outcome]:
    """Features of each clip, in the order in which they are finished.

    A clip that kills its process costs itself only: the clips that were under way with it are tried
    again, each alone.

    Args:
        clips: what to read.
        workers: number of processes; no more than twice as many clips are under way.
        attempt: what is done with a clip, a function that another process can import.
    """
    waiting = deque(clips)
    while waiting:
        lost: list[Clip] = []
        yield from _shared(waiting, workers, attempt, lost)
        for clip in lost:
            yield _alone(clip, attempt)


def _shared(
    waiting: deque[Clip], workers: int, attempt: Attempt, lost: list[Clip]
) -> Iterator[Outcome]:
    """Work off ``waiting``; when a process dies, what was under way goes to ``lost``."""
    with _pool(min(workers, len(waiting))) as pool:
        under_way: dict[Future[Outcome], Clip] = {}
        try:
            while (waiting or under_way) and not lost:
                while waiting and len(under_way) < _AHEAD * workers:
                    clip = waiting.popleft()
                    under_way[_submitted(pool, attempt, clip)] = clip
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    clip = under_way.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        lost.append(clip)
                    else:
                        yield future.result()
            lost.extend(under_way.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, attempt: Attempt, clip: Clip) -> Future[Outcome]:
    try:
        return pool.submit(attempt, clip)
    except BrokenProcessPool as error:
        refused: Future[Outcome] = Future()
        refused.set_exception(error)
        return refused


def _alone(clip: Clip, attempt: Attempt) -> Outcome:
    with _pool(1) as pool:
        try:
            return pool.submit(attempt, clip).result()
        except BrokenProcessPool:
            return Outcome(clip, None, _DIED)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Ctrl-C is for the parent, which lets the clips under way finish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
