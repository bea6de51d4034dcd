"""Artist group factors: to which groups an artist belongs, by what his clips sound like.

After Kim et al., Transfer Learning of Artist Group Factors to Musical Genre Classification, WWW
2018: frames become words by k-means, an artist is the bag of the words of his clips, and latent
Dirichlet allocation finds topics. Their shares are the target for all clips of the artist. The
numbers of coefficients and of topics are the authors'. Deviations: MFCC come from the spectrogram
of the network (every second frame of a hop of 512 samples, decibels of magnitudes), and there are
fewer words than the authors' 2048, for there are fewer clips.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import LatentDirichletAllocation

from training.data.store import Spectrogram

TOPICS: Final = 40
WORDS: Final = 256

_COEFFICIENTS: Final = 25
_STEP: Final = 2
_SEEN_BY_KMEANS: Final = 200_000
"""Frames that words are found in, at most."""


def topics(
    kind: str,
    spectrograms: Sequence[Spectrogram],
    groups: Sequence[str],
    seed: int,
    words: int = WORDS,
    count: int = TOPICS,
) -> NDArray[np.float32]:
    """Shares of topics, shape [clips, count], each row of sum 1 and the same for all of an artist.

    Args:
        kind: ``mfcc``, or ``dmfcc`` for differences of neighbouring frames.
        spectrograms: log-mel in dB, shape [frames, bands] each.
        groups: artist of each clip, or the best stand-in for one.
        seed: of k-means and of the topics.
        words: that k-means makes of the frames, at most.
        count: of topics.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in ("mfcc", "dmfcc"):
        raise ValueError(f"no artist group factors of the kind {kind!r}")
    frames = [_frames(kind, spectrogram) for spectrogram in spectrograms]
    counts = _bags(frames, words, seed)
    names, own = np.unique(np.array(groups), return_inverse=True)
    bags = np.zeros((len(names), counts.shape[1]))
    np.add.at(bags, own, counts)
    bags /= np.bincount(own)[:, None]
    shares = LatentDirichletAllocation(count, random_state=seed).fit_transform(bags)
    return np.asarray(shares[own], np.float32)


def _frames(kind: str, spectrogram: Spectrogram) -> NDArray[np.float32]:
    """MFCC of a clip or their differences, shape [frames, 25]; at least one frame."""
    decibels = spectrogram[::_STEP].astype(np.float32)
    coefficients = scipy.fft.dct(decibels, axis=1, norm="ortho")[:, :_COEFFICIENTS]
    if kind == "dmfcc":
        coefficients = np.diff(coefficients, axis=0, prepend=coefficients[:1])
    return np.asarray(coefficients, np.float32)


def _bags(frames: Sequence[NDArray[np.float32]], words: int, seed: int) -> NDArray[np.float64]:
    """How often each word is in each clip, shape [clips, words]."""
    every = sum(len(part) for part in frames)
    thinned = np.concatenate([part[:: 1 + every // _SEEN_BY_KMEANS] for part in frames])
    words = min(words, len(np.unique(thinned, axis=0)))
    means = MiniBatchKMeans(words, random_state=seed, n_init=1).fit(thinned)
    return np.array([np.bincount(means.predict(part), minlength=words) for part in frames], float)
