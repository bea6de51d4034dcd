"""What a report is made of: one value a clip, and one about the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

THUMBNAIL_BANDS: Final = 48
THUMBNAIL_COLUMNS: Final = 96


@dataclass(frozen=True, slots=True)
class ReportClip:
    """One clip of the report.

    Attributes:
        file_id: its name in the submission.
        path: where it lies, as given; bytes that are not UTF-8 are surrogates (``os.fsdecode``).
        posterior: probabilities of ``GENRES``, shape [16]; the prior where there is no prediction.
        windows: for each window of the network its start in seconds and its probabilities of
            ``GENRES``, shape [16], by time. The start counts from the first second that the network
            was shown, which in a long file is not that of the file.
        thumbnail: small log-mel spectrogram as ``thumbnail`` makes it, shape [bands, columns], or
            None where there is none.
        predicted: whether the model saw the clip.
        notices: pairs of a reason (``docs/errors.md``) and a sentence, for what was odd about it.
    """

    file_id: str
    path: str
    posterior: NDArray[np.floating]
    windows: tuple[tuple[float, NDArray[np.floating]], ...] = ()
    thumbnail: NDArray[np.uint8] | None = None
    predicted: bool = True
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """The run behind a report.

    Attributes:
        system: name of the system.
        prior: class mix that was expected, in words.
        version: of the program.
        created: ISO date, or date and time, of the report.
        folder: what was classified, in words: a folder, or a list of sources.
        calibrated: whether the probabilities are, or else are the system's own.
        settings: what else is to be known of the run, by name; shown as text.
        window_seconds: length of a window of the network.
    """

    system: str
    prior: str
    version: str
    created: str
    folder: str
    calibrated: bool
    settings: Mapping[str, object] = field(default_factory=dict)
    window_seconds: float = 10.0


def thumbnail(log_mel: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A log-mel spectrogram small enough to keep for every clip.

    Neighbouring bands and frames are averaged. The darkest place of each clip becomes 0 and its
    brightest 255, so that a quiet clip shows as much as a loud one.

    Args:
        log_mel: shape [frames, bands], both at least 1; float16 will do.

    Returns:
        Shape [bands, columns], the lowest band first; at most ``THUMBNAIL_BANDS`` by
        ``THUMBNAIL_COLUMNS``. A spectrogram without any contrast is 0 all over.
    """
    picture = np.nan_to_num(log_mel.astype(np.float32), posinf=0.0, neginf=0.0)
    pooled = reduced(picture.T, THUMBNAIL_BANDS, THUMBNAIL_COLUMNS)
    low, high = float(pooled.min()), float(pooled.max())
    if high <= low:
        return np.zeros(pooled.shape, np.uint8)
    return np.asarray(np.rint((pooled - low) * (255.0 / (high - low))), np.uint8)


def reduced(picture: NDArray[np.floating], bands: int, columns: int) -> NDArray[np.float32]:
    """A picture of at most ``bands`` by ``columns``: means of neighbouring rows and columns."""
    narrow = _pooled(picture.astype(np.float32, copy=False).T, columns)
    return _pooled(narrow.T, bands)


def _pooled(rows: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Means of neighbouring rows, so that at most ``most`` are left."""
    if len(rows) <= most:
        return rows
    starts = np.arange(most) * len(rows) // most
    sizes = np.diff(starts, append=len(rows)).astype(np.float32)
    return np.asarray(np.add.reduceat(rows, starts, axis=0) / sizes[:, None])
