"""Artist group factors: shares of topics of each artist, found in spectrograms without labels.

After Kim et al., Transfer Learning of Artist Group Factors to Musical Genre Classification, WWW
2018: k-means assigns a word to each frame, an artist is the bag of the words of all clips of the
artist, and latent Dirichlet allocation finds topics. The shares of the topics are the target for
all clips of the artist. The numbers of coefficients and of topics are the authors'. Deviations:
MFCC are computed from the network's spectrogram (128 bands instead of 40, every second frame of a
hop of 512 samples, decibels of magnitudes), and there are 256 words instead of 2048, because there
are fewer clips.
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

_COEFFICIENTS: Final = 13
"""As in the code that was run; its settings name 25."""

_STEP: Final = 2
_SEEN_BY_KMEANS: Final = 200_000
"""Most frames that k-means is fitted to."""


def topics(
    kind: str,
    spectrograms: Sequence[Spectrogram],
    groups: Sequence[str],
    seed: int,
    words: int = WORDS,
    count: int = TOPICS,
) -> NDArray[np.float32]:
    """Shares of topics, shape [clips, count]; rows sum to 1 and are equal for clips of one artist.

    Args:
        kind: ``mfcc``, or ``dmfcc`` for differences of neighbouring frames.
        spectrograms: log-mel in dB, shape [frames, bands] each.
        groups: artist, or the best substitute for the artist, of each clip.
        seed: seed of k-means and of the allocation.
        words: most words that k-means finds.
        count: number of topics.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in ("mfcc", "dmfcc"):
        raise ValueError(f"no artist group factors of the kind {kind!r}")
    counts = _bags(kind, spectrograms, words, seed)
    names, own = np.unique(np.array(groups), return_inverse=True)
    bags = np.zeros((len(names), counts.shape[1]))
    np.add.at(bags, own, counts)
    bags /= np.bincount(own)[:, None]
    shares = LatentDirichletAllocation(count, random_state=seed).fit_transform(bags)
    return np.asarray(shares[own], np.float32)


def _frames(kind: str, spectrogram: Spectrogram) -> NDArray[np.float32]:
    """MFCC of a clip or their differences, shape [frames, 13]; at least one frame."""
    decibels = spectrogram[::_STEP].astype(np.float32)
    coefficients = scipy.fft.dct(decibels, axis=1, norm="ortho")[:, :_COEFFICIENTS]
    if kind == "dmfcc":
        coefficients = np.diff(coefficients, axis=0, prepend=coefficients[:1])
    return np.asarray(coefficients, np.float32)


def _bags(
    kind: str, spectrograms: Sequence[Spectrogram], words: int, seed: int
) -> NDArray[np.float64]:
    """How often each word is in each clip, shape [clips, words]; clips are read twice."""
    every = sum(-(-len(spectrogram) // _STEP) for spectrogram in spectrograms)
    step = 1 + every // _SEEN_BY_KMEANS
    thinned = np.concatenate([_frames(kind, spectrogram)[::step] for spectrogram in spectrograms])
    words = min(words, len(np.unique(thinned, axis=0)))
    means = MiniBatchKMeans(words, random_state=seed, n_init=1).fit(thinned)
    labels = (means.predict(_frames(kind, spectrogram)) for spectrogram in spectrograms)
    return np.array([np.bincount(clip, minlength=words) for clip in labels], float)
