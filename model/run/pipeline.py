"""Clips to predictions: decoded in worker processes, classified in batches across clips.

The command line, the Python API and the Ray adapter all call ``predict``.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from threading import Event
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from model.clips import Clip, Notice
from model.decoding.pool import Decoded, DecoderPool, File
from model.errors import GenreError
from model.options import EMBEDDING, LIKENESS, THUMBNAIL, WINDOWS
from model.outputs.submission import violation
from model.probabilities.calibration import Calibration
from model.results import Prediction
from model.run.parts import Answers, Cut, Floats, Queue, cut_songs, window_seconds
from model.systems.base import (
    EmbeddingNetwork,
    Execution,
    Network,
    System,
    cut_windows,
)

_BATCH = 32
"""Windows that count as a batch for the look-ahead while the network is not connected."""


def predict(
    clips: Sequence[Clip],
    system: System,
    calibration: Calibration,
    execution: Execution,
    pool: DecoderPool,
    *,
    arrays: Collection[str] = (),
    of: int = 0,
    paths: Iterable[File] | None = None,
    in_process: Mapping[int, Sequence[Callable[[], Decoded]]] | None = None,
    whole: bool = False,
    stop: Event | None = None,
) -> Iterator[Prediction]:
    """Predictions for clips, in their order.

    Args:
        clips: clips to classify.
        system: front end and network; the network is connected while workers already decode.
        calibration: logits to posteriors.
        execution: where the network runs.
        pool: worker processes that decode, for the system's front end.
        arrays: names of the arrays that each prediction has.
        of: number of clips of the run, of which ``clips`` may be a part; ``thumbnail`` needs it.
        paths: files to decode instead of the clips' own, only their middle 30 s. Clips in
            ``in_process`` have none.
        in_process: by index of the clip, for each of its parts a function that returns its frames,
            for clips that are not files.
        whole: whether to classify whole files instead of their middle 30 s.
        stop: when it is set, the predictions end early.

    Raises:
        GenreError: embeddings are asked for, and the network has none.
        GenreError: worker processes cannot start.
    """
    local = {index: Cut([*functions]) for index, functions in (in_process or {}).items()}
    own = [clip.path for index, clip in enumerate(clips) if index not in local]
    if whole:
        cuts = cut_songs(own, pool, window_seconds(system), stop)
    else:
        cuts = (Cut([path]) for path in (own if paths is None else paths))
    queue = Queue(cuts, local)
    windows = execution.batch or _BATCH
    ahead = (windows // 3 if whole else 2 * windows) + 2 * pool.workers
    with contextlib.closing(pool.map(queue.tasks(), ahead, stop)) as files:
        network = system.connect(execution)
        decoded = queue.decoded(files, len(clips))
        answers = with_logits(decoded, network, system.window_frames, _embeds(network, arrays))
        for clip in clips:
            if (first := next(answers, None)) is None:
                return
            parts = Answers(queue.begun.popleft(), system, THUMBNAIL in arrays)
            parts.add(*first)
            while not parts.complete:
                if (answer := next(answers, None)) is None:  # stopped
                    return
                parts.add(*answer)
            yield _prediction(clip, parts, calibration, arrays, of)


def _prediction(
    clip: Clip, parts: Answers, calibration: Calibration, names: Collection[str], of: int
) -> Prediction:
    """The prediction of a clip: that of the mean of the logits of all its windows."""
    # A file that is not named mp3 may hold any format.
    notices = tuple(n for n in parts.all_notices() if n.reason != "not_mp3" or clip.is_mp3)
    if not parts.logits:
        return Prediction(None, notices)
    logits = np.concatenate(parts.logits)
    posterior = tuple(calibration.posteriors(logits.mean(axis=0)).tolist())
    if broken := violation(posterior):
        return Prediction(None, (*notices, Notice("failure", broken)))
    arrays: dict[str, NDArray[Any]] = {}
    if WINDOWS in names:
        spans = np.concatenate(parts.spans)
        arrays[WINDOWS] = np.column_stack([spans, calibration.posteriors(logits)])
    embeddings = parts.embeddings
    embedding = np.concatenate(embeddings).mean(axis=0) if embeddings else None
    if EMBEDDING in names and embedding is not None:
        arrays[EMBEDDING] = embedding
    if LIKENESS in names:
        from model.outputs.report.likeness import likeness

        arrays[LIKENESS] = likeness(logits.mean(axis=0) if embedding is None else embedding)
    if THUMBNAIL in names:
        from model.outputs.report.thumbnails import thumbnail

        arrays[THUMBNAIL] = thumbnail(parts.picture(), of)
    return Prediction(posterior, notices, arrays)


def with_logits(
    decoded: Iterable[Decoded], network: Network, frames: int, embed: bool = False
) -> Iterator[tuple[Decoded, Floats, Floats | None]]:
    """Decoded clips with the logits of their windows.

    Windows of several clips share a call of the network; the last call may have fewer.

    Args:
        decoded: clips in order.
        network: windows to logits.
        frames: length of a window.
        embed: whether to compute embeddings as well.

    Returns:
        For each clip: the clip; its logits, shape [windows, 16], without windows where the clip
        cannot be decoded; its embeddings, shape [windows, features], or None.

    """
    call = _caller(network, embed)
    waiting: deque[tuple[Decoded, int]] = deque()
    windows: deque[Floats] = deque()
    rows: deque[tuple[Floats, Floats | None]] = deque()

    def finished() -> Iterator[tuple[Decoded, Floats, Floats | None]]:
        while waiting and waiting[0][1] <= len(rows):
            item, count = waiting.popleft()
            own = [rows.popleft() for _ in range(count)]
            logits = np.array([row for row, _ in own], np.float32)
            embeddings = [row for _, row in own if row is not None]
            yield item, logits, np.array(embeddings) if embeddings else None

    for item in decoded:
        cut = () if item.frames is None else cut_windows(item.frames, frames)
        waiting.append((item, len(cut)))
        windows.extend(cut)
        while len(windows) >= network.batch:
            rows.extend(call(np.stack([windows.popleft() for _ in range(network.batch)])))
        yield from finished()
    if windows:
        rows.extend(call(np.stack(windows)))
        yield from finished()


def _embeds(network: Network, arrays: Collection[str]) -> bool:
    """Whether the arrays of these names need embeddings, and the network has some.

    Raises:
        GenreError: embeddings are asked for, and the network has none.
    """
    has_some = isinstance(network, EmbeddingNetwork) and network.has_embedding
    if EMBEDDING in arrays and not has_some:
        raise GenreError("this system has no embeddings; choose another one")
    return has_some and (EMBEDDING in arrays or LIKENESS in arrays)


def _caller(
    network: Network, embed: bool
) -> Callable[[Floats], Iterable[tuple[Floats, Floats | None]]]:
    """A function from a batch of windows to the logits and the embedding, or None, of each."""
    if not embed:
        return lambda windows: zip(network(windows), repeat(None))
    embedding = cast("EmbeddingNetwork", network)
    return lambda windows: zip(*embedding.embed(windows), strict=True)
