"""Clips to rows: decoded in worker processes, classified in batches across files, in order."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration, adapt
from model.clips import Clip, Notice
from model.systems.base import Execution, Network, System, cut_windows
from model.workers import Decoded, Decoders, Limits


@dataclass(frozen=True)
class Outcome:
    """The end of a clip's way.

    Attributes:
        clip: which.
        posterior: probabilities of ``GENRES``, shape [16].
        predicted: whether the model saw the clip; otherwise the posterior is the prior.
        notices: what was odd about it.
    """

    clip: Clip
    posterior: NDArray[np.float64]
    predicted: bool
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Belief:
    """How logits become probabilities under the class mix that a person expects.

    Attributes:
        calibration: of the system.
        training_prior: class mix behind the logits, shape [16].
        prior: class mix to expect, shape [16]; also the answer where nothing is known of a clip.
    """

    calibration: Calibration
    training_prior: NDArray[np.float64]
    prior: NDArray[np.float64]

    def posterior(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Probabilities of one clip from its logits, both of shape [16]."""
        return adapt(self.calibration.posteriors(logits), self.training_prior, self.prior)


def classify(
    clips: Sequence[Clip],
    system: System,
    belief: Belief,
    execution: Execution,
    workers: int,
    limits: Limits | None = None,
    stop: Event | None = None,
) -> Iterator[Outcome]:
    """Outcomes of clips, in their order.

    Args:
        clips: what to classify.
        system: front end and network.
        belief: logits to probabilities.
        execution: where the network runs.
        workers: decoding processes.
        limits: what one clip may cost the decoder.
        stop: when it is set, the outcomes end early.
    """
    ahead = 2 * (execution.batch or 32) + 2 * workers
    with Decoders(system.front_end, workers, ahead, limits) as decoders:
        decoded = decoders.start([str(clip.path) for clip in clips], stop)
        network = system.connect(execution)  # while the workers are already decoding
        answers = with_logits(decoded, network, system.window_frames)
        for clip, (entry, logits) in zip(clips, answers, strict=False):
            posterior = belief.prior if logits is None else belief.posterior(logits)
            yield Outcome(clip, posterior, logits is not None, entry.notices)


def with_logits(
    decoded: Iterable[Decoded], network: Network, frames: int
) -> Iterator[tuple[Decoded, NDArray[np.float32] | None]]:
    """Decoded clips with their logits, averaged over the windows of the clip.

    Windows of several clips share a call of the network, whose shape never changes; the last call
    is filled up with silence.

    Args:
        decoded: clips in order.
        network: windows to logits.
        frames: length of a window.

    Returns:
        Each clip and its logits, shape [16], or None where it could not be decoded.
    """
    waiting: deque[tuple[Decoded, int]] = deque()
    windows: deque[NDArray[np.float32]] = deque()
    logits: deque[NDArray[np.float32]] = deque()

    def finished() -> Iterator[tuple[Decoded, NDArray[np.float32] | None]]:
        while waiting and waiting[0][1] <= len(logits):
            entry, count = waiting.popleft()
            rows = [logits.popleft() for _ in range(count)]
            yield entry, np.mean(rows, axis=0) if rows else None

    for entry in decoded:
        cut = () if entry.log_mel is None else cut_windows(entry.log_mel, frames)
        waiting.append((entry, len(cut)))
        windows.extend(cut)
        while len(windows) >= network.batch:
            logits.extend(network(np.stack([windows.popleft() for _ in range(network.batch)])))
        yield from finished()
    if windows:
        last = np.zeros((network.batch, *windows[0].shape), np.float32)
        last[: len(windows)] = windows
        logits.extend(network(last)[: len(windows)])
        yield from finished()
