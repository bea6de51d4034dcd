"""Clips to posteriors: decoded in worker processes, classified in batches across files."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from threading import Event
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.clips import Clip, Notice
from model.decoding.pool import Decoded, Decoders, Limits
from model.options import EMBEDDING, THUMBNAIL, WINDOWS
from model.probabilities.calibration import Calibration
from model.results import Prediction
from model.systems.base import (
    EmbeddingError,
    EmbeddingNetwork,
    Execution,
    Network,
    System,
    cut_windows,
    window_starts,
)

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """The end of a clip's way.

    Attributes:
        clip: which.
        posterior: probabilities of ``GENRES`` under the prior of the training clips, by the
            calibration that was asked for, shape [16]; None when nothing of the clip could be used.
        notices: what was odd about it.
        kept: what else was asked for: ``windows``, shape [windows, 17], where each one starts in
            seconds, and its own posterior; ``embedding``, shape [features], the mean over the
            windows; ``thumbnail``, the picture of the spectrogram, uint8, shape [bands, columns].
    """

    clip: Clip
    posterior: NDArray[np.float64] | None
    notices: tuple[Notice, ...]
    kept: Mapping[str, NDArray[Any]]

    @property
    def entry(self) -> Prediction:
        """What the journal keeps of it."""
        posterior = None if self.posterior is None else tuple(self.posterior.tolist())
        return Prediction(posterior, self.notices, self.kept)


def classify(
    clips: Sequence[Clip],
    system: System,
    calibration: Calibration,
    execution: Execution,
    workers: int,
    limits: Limits | None = None,
    stop: Event | None = None,
    keep: Collection[str] = (),
) -> Iterator[Outcome]:
    """Outcomes of clips, in their order.

    Args:
        clips: what to classify.
        system: front end and network.
        calibration: logits to posteriors.
        execution: where the network runs.
        workers: decoding processes.
        limits: what one clip may cost the decoder.
        stop: when it is set, the outcomes end early.
        keep: names of what outcomes shall keep.

    Raises:
        EmbeddingError: embeddings were asked for, and the network has none.
    """
    ahead = 2 * (execution.batch or 32) + 2 * workers
    with Decoders(system.front_end, workers, ahead, limits) as decoders:
        decoded = decoders.start([clip.path for clip in clips], stop)
        network = system.connect(execution)  # while the workers are already decoding
        yield from outcomes(clips, decoded, system, network, calibration, keep)


def outcomes(
    clips: Iterable[Clip],
    decoded: Iterable[Decoded],
    system: System,
    network: Network,
    calibration: Calibration,
    keep: Collection[str] = (),
) -> Iterator[Outcome]:
    """Outcomes of clips that are decoded already, one for each; the arguments of ``classify``."""
    answers = with_logits(decoded, network, system.window_frames, EMBEDDING in keep)
    for clip, (entry, logits, embeddings) in zip(clips, answers, strict=False):
        # A wav under its own name is nothing that a person should know about.
        notices = tuple(n for n in entry.notices if n.reason != "not_mp3" or clip.is_mp3)
        if entry.log_mel is None:
            yield Outcome(clip, None, notices, {})
            continue
        if not np.isfinite(logits).all():
            absurd = Notice("failure", "its values are so large that the network gave no numbers")
            yield Outcome(clip, None, (*notices, absurd), {})
            continue
        kept: dict[str, NDArray[Any]] = {}
        if WINDOWS in keep:
            starts = window_starts(len(entry.log_mel), system.window_frames)
            seconds = starts * (system.front_end.hop_length / system.front_end.sample_rate)
            kept[WINDOWS] = np.column_stack([seconds, calibration.posteriors(logits)])
        if embeddings is not None:
            kept[EMBEDDING] = embeddings.mean(axis=0)
        if THUMBNAIL in keep:
            from model.outputs.report.thumbnails import thumbnail

            kept[THUMBNAIL] = thumbnail(entry.log_mel)
        yield Outcome(clip, calibration.posteriors(logits.mean(axis=0)), notices, kept)


def with_logits(
    decoded: Iterable[Decoded], network: Network, frames: int, embed: bool = False
) -> Iterator[tuple[Decoded, Floats, Floats | None]]:
    """Decoded clips with the logits of their windows.

    Windows of several clips share a call of the network, whose shape never changes; the last call
    is filled up with silence.

    Args:
        decoded: clips in order.
        network: windows to logits.
        frames: length of a window.
        embed: ask for embeddings, too.

    Returns:
        Each clip with its logits, shape [windows, 16], of which there are none where it could not
        be decoded, and its embeddings, shape [windows, features], or None.

    Raises:
        EmbeddingError: embeddings were asked for, and the network has none.
    """
    call = _call(network, embed)
    waiting: deque[tuple[Decoded, int]] = deque()
    windows: deque[Floats] = deque()
    answers: deque[tuple[Floats, Floats | None]] = deque()

    def finished() -> Iterator[tuple[Decoded, Floats, Floats | None]]:
        while waiting and waiting[0][1] <= len(answers):
            entry, count = waiting.popleft()
            rows = [answers.popleft() for _ in range(count)]
            logits = np.array([row for row, _ in rows], np.float32)
            features = [row for _, row in rows if row is not None]
            yield entry, logits, np.array(features) if features else None

    for entry in decoded:
        cut = () if entry.log_mel is None else cut_windows(entry.log_mel, frames)
        waiting.append((entry, len(cut)))
        windows.extend(cut)
        while len(windows) >= network.batch:
            answers.extend(call(np.stack([windows.popleft() for _ in range(network.batch)])))
        yield from finished()
    if windows:
        last = np.zeros((network.batch, *windows[0].shape), np.float32)
        last[: len(windows)] = windows
        answers.extend(list(call(last))[: len(windows)])
        yield from finished()


def _call(network: Network, embed: bool) -> Callable[[Floats], Iterable[tuple[Floats, Any]]]:
    """A call of the network: for each window its logits, and its embedding or None."""
    if not embed:
        return lambda windows: zip(network(windows), repeat(None))
    if not isinstance(network, EmbeddingNetwork):
        raise EmbeddingError("this system has no embeddings; choose another one")
    embedding: EmbeddingNetwork = network
    return lambda windows: zip(*embedding.embed(windows), strict=True)
