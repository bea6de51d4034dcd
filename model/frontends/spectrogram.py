"""Log-mel spectrogram of a waveform in numpy; worker processes compute it.

Scipy is imported where it computes: the main process, which only reads parameters, starts sooner.

Conventions are librosa's: centred frames padded with zeros, periodic Hann window, and by default
the HTK mel scale without area normalisation. It is faster than librosa because it computes in
single precision, in chunks that fit the processor's cache. The systems of 2018 use other options:
Slaney's mel scale, magnitudes, decibels below the peak of the clip, or linear frequency.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    import scipy.sparse

_CHUNK_FRAMES = 128
_LOUDEST = 32.0
"""Largest peak of a waveform that is not scaled down; nominal samples are in [-1, 1].

A magnitude is at most the peak times half of ``fft_length``. With 2048, half precision overflows at
a peak of 63."""


@dataclass(frozen=True)
class FrontEnd:
    """Parameters of a log-mel spectrogram, ``(ln(mel power + offset) + shift) / scale``.

    Attributes:
        sample_rate: sample rate of the waveform in Hz.
        fft_length: samples of the Fourier transform.
        window_length: samples of the Hann window, at most ``fft_length``.
        hop_length: samples from one frame to the next.
        mel_bands: number of triangular bands, spaced evenly on the HTK mel scale.
        fmin: lower edge of the first band in Hz.
        fmax: upper edge of the last band in Hz, at most half of ``sample_rate``.
        offset: added to the mel power before the logarithm; sets the lowest value.
        shift: added to the logarithm.
        scale: the shifted logarithm is divided by it.
        preemphasis: coefficient c of the filter ``x[t] - c x[t-1]``, 0 for none. Its power
            response is part of the filterbank, so that it costs no time.
        preemphasis_rate: sample rate in Hz for which ``preemphasis`` is meant.
        bands: ``htk``: evenly spaced on the HTK mel scale, of height 1. ``slaney``: evenly spaced
            on Slaney's mel scale, of area 1; librosa's default. ``linear``: the bins of the Fourier
            transform; ``mel_bands`` must be ``fft_length // 2 + 1``, the edges have no effect.
        magnitude: whether bands are sums of magnitudes instead of powers.
        logarithm: whether to take the logarithm; without it, values are ``(mel + shift) / scale``.
        depth_db: lower limit of values, in dB below the highest value of the clip; 0 for no limit.
            It needs the logarithm.
        reference: ``none``; ``peak`` subtracts the clip's highest value from all; ``range`` maps
            the clip's lowest and highest values to 0 and 1, and a clip of one value to 0.
        band_limit_hz: frequencies above it in Hz count as silent, 0 for no limit. It is the highest
            frequency in the training clips: a network does not know what is above.
    """

    sample_rate: int
    fft_length: int
    window_length: int
    hop_length: int
    mel_bands: int
    fmin: float
    fmax: float
    offset: float
    shift: float = 0.0
    scale: float = 1.0
    preemphasis: float = 0.0
    preemphasis_rate: int = 1
    bands: Literal["htk", "slaney", "linear"] = "htk"
    magnitude: bool = False
    logarithm: bool = True
    depth_db: float = 0.0
    reference: Literal["none", "peak", "range"] = "none"
    band_limit_hz: float = 0.0

    kind: ClassVar[None] = None
    dtype: ClassVar[DTypeLike] = np.float16
    """Type of the values that worker processes send; half precision is enough for networks."""

    def __post_init__(self) -> None:
        if not 0 < self.window_length <= self.fft_length:
            raise ValueError(f"window_length {self.window_length} not in 1..{self.fft_length}")
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError(f"band {self.fmin}..{self.fmax} Hz not in 0..{self.sample_rate / 2}")
        if self.hop_length < 1 or self.mel_bands < 1 or self.offset <= 0 or self.scale == 0:
            raise ValueError(f"not a front end: {self}")
        if self.bands not in ("htk", "slaney", "linear"):
            raise ValueError(f"bands {self.bands!r}: not htk, slaney or linear")
        if self.reference not in ("none", "peak", "range"):
            raise ValueError(f"reference {self.reference!r}: not none, peak or range")
        if self.bands == "linear" and self.mel_bands != self.fft_length // 2 + 1:
            raise ValueError(
                f"{self.mel_bands} linear bands: not all of {self.fft_length // 2 + 1}"
            )
        if not (math.isfinite(self.band_limit_hz) and self.band_limit_hz >= 0):
            raise ValueError(f"band_limit_hz {self.band_limit_hz}: not a frequency")
        if self.depth_db < 0 or (self.depth_db > 0 and not self.logarithm):
            raise ValueError(f"depth_db {self.depth_db} not above 0, or without a logarithm")

    @property
    def decibel(self) -> float:
        """Change of a logarithmic value when the sound gets one dB louder.

        It is half as much for magnitudes as for powers.
        """
        return math.log(10.0) / (20.0 if self.magnitude else 10.0) / self.scale

    @property
    def width(self) -> int:
        """Number of values in a frame."""
        return self.mel_bands

    def frames(self, samples: int) -> int:
        """Number of frames of a waveform of ``samples`` samples."""
        return 1 + samples // self.hop_length

    def log_mel(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel spectrogram of a mono waveform at ``sample_rate``.

        Args:
            waveform: shape [samples], at least one sample; see ``levelled``.

        Returns:
            Shape [1 + samples // hop_length, mel_bands].
        """
        import scipy.fft

        weights = sparse_filterbank(self)
        window = _window(self)
        centre = self.fft_length // 2
        padded = np.pad(levelled(waveform), centre).astype(np.float32, copy=False)
        first = (self.fft_length - self.window_length) // 2
        framed = np.lib.stride_tricks.sliding_window_view(padded[first:], self.window_length)
        framed = framed[:: self.hop_length][: self.frames(len(waveform))]
        mel = np.empty((len(framed), self.mel_bands), np.float32)
        # The zeros behind the window stay, so that the transform copies no frame to pad it.
        transformed = np.zeros((_CHUNK_FRAMES, self.fft_length), np.float32)
        for start in range(0, len(framed), _CHUNK_FRAMES):
            chunk = framed[start : start + _CHUNK_FRAMES]
            padded_chunk = transformed[: len(chunk)]
            np.multiply(chunk, window, out=padded_chunk[:, : self.window_length])
            spectrum = scipy.fft.rfft(padded_chunk, axis=1)
            power = spectrum.real**2 + spectrum.imag**2
            if self.magnitude:
                np.sqrt(power, out=power)
            mel[start : start + len(chunk)] = (weights @ power.T).T
        if self.logarithm:
            mel += np.float32(self.offset)
            np.log(mel, out=mel)
        mel += np.float32(self.shift)
        mel /= np.float32(self.scale)
        return self._within_clip(mel)

    def compute(self, waveform: NDArray[np.float32]) -> NDArray[np.float16]:
        """The spectrogram of ``log_mel`` in half precision, as networks get it."""
        return self.log_mel(waveform).astype(np.float16)

    def _within_clip(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply ``depth_db`` and ``reference``; changes ``mel`` in place."""
        if self.depth_db:
            np.maximum(mel, mel.max() - np.float32(self.depth_db * self.decibel), out=mel)
        if self.reference == "peak":
            mel -= mel.max()
        elif self.reference == "range":
            mel -= mel.min()
            mel /= mel.max() or np.float32(1.0)
        return mel


def levelled(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples unchanged, or scaled to a peak of 1 if the peak is above 32."""
    peak = max(float(waveform.max(initial=0.0)), -float(waveform.min(initial=0.0)))
    return waveform / np.float32(peak) if peak > _LOUDEST else waveform


def slaney_edges(bands: int, fmax: float, fmin: float = 0.0) -> NDArray[np.float64]:
    """Corner frequencies in Hz, shape [bands + 2]: linear to 1 kHz, then 27 bands per factor 6.4.

    Slaney, Auditory Toolbox, Interval Research 1998-010, as librosa has it.
    """
    step, knee, growth = 200.0 / 3.0, 1000.0, math.log(6.4) / 27.0

    def mel(hertz: float) -> float:
        above = knee / step + math.log(max(hertz, knee) / knee) / growth
        return above if hertz > knee else hertz / step

    mels = np.linspace(mel(fmin), mel(fmax), bands + 2)
    above = knee * np.exp(growth * (mels - knee / step))
    return np.where(mels < knee / step, mels * step, above)


def mel_edges(front_end: FrontEnd) -> NDArray[np.float64]:
    """Corner frequencies in Hz of the triangles, shape [mel_bands + 2] (HTK: 2595 lg(1+f/700))."""
    if front_end.bands == "slaney":
        return slaney_edges(front_end.mel_bands, front_end.fmax, front_end.fmin)
    low, high = (2595.0 * math.log10(1.0 + f / 700.0) for f in (front_end.fmin, front_end.fmax))
    mels = np.linspace(low, high, front_end.mel_bands + 2)
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))


def filterbank(front_end: FrontEnd) -> NDArray[np.float64]:
    """Weights from power spectrum to mel power, shape [fft_length // 2 + 1, mel_bands]."""
    frequencies = np.fft.rfftfreq(front_end.fft_length, 1.0 / front_end.sample_rate)
    if front_end.bands == "linear":
        weights = np.eye(front_end.mel_bands)
    else:
        edges = mel_edges(front_end)
        weights = triangles(frequencies, edges, unit_area=front_end.bands == "slaney")
    return np.asarray(weights * response(front_end, frequencies)[:, None])


def triangles(
    frequencies: NDArray[np.floating], edges: NDArray[np.floating], unit_area: bool
) -> NDArray[np.float64]:
    """Triangular filters between neighbouring edges, shape [frequencies, edges - 2].

    Args:
        frequencies: frequencies in Hz at which the filters are sampled.
        edges: ascending frequencies in Hz. Filter i rises from edge i to edge i + 1 and falls to
            edge i + 2.
        unit_area: scales each filter to an area of 1; otherwise its peak is 1.
    """
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    weights: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    if unit_area:
        weights *= 2.0 / (edges[2:] - edges[:-2])
    return weights


def response(front_end: FrontEnd, frequencies: NDArray[np.floating]) -> NDArray[np.float64]:
    """Power response of pre-emphasis and band limit at frequencies in Hz; 1 without them."""
    phase = 2j * np.pi * frequencies / front_end.preemphasis_rate
    emphasis = np.abs(1.0 - front_end.preemphasis * np.exp(-phase)) ** 2
    return np.asarray(emphasis * within(frequencies, front_end.band_limit_hz))


def within(frequencies: NDArray[np.floating], band_limit_hz: float) -> NDArray[np.bool_]:
    """Whether frequencies in Hz are not above a limit, 0 for no limit."""
    return np.asarray((frequencies <= band_limit_hz) | (band_limit_hz == 0))


@lru_cache(maxsize=8)
def sparse_filterbank(front_end: FrontEnd) -> "scipy.sparse.csr_array":
    """The filterbank as single-precision sparse matrix, shape [mel_bands, fft_length // 2 + 1].

    Its product is quicker than a dense one, since few weights differ from zero. Unlike a product by
    BLAS it adds in the same order on every processor.
    """
    import scipy.sparse

    return scipy.sparse.csr_array(filterbank(front_end).T.astype(np.float32))


@lru_cache(maxsize=8)
def _window(front_end: FrontEnd) -> NDArray[np.float32]:
    return hann(front_end.window_length).astype(np.float32)


def hann(length: int) -> NDArray[np.float64]:
    """Periodic Hann window. ``scipy.signal`` has it, too, but costs 0.3 s to import."""
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length))
