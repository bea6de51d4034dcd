"""The Python API: genre probabilities of files, waveforms and log-mel spectrograms.

Every call takes one or several of them. The probabilities equal those of the command line bit by
bit.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from os import PathLike, fspath
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from model import cpus, options, systems
from model.cli.progress import shown
from model.clips import Clip, find, printable
from model.decoding import audio
from model.decoding.pool import DecoderPool
from model.errors import require_package
from model.genres import GENRES
from model.options import EMBEDDING, WINDOWS, CalibrationChoice
from model.probabilities import priors
from model.probabilities.calibration import FloatArray
from model.probabilities.prior_shift import estimated_prior
from model.results import Result
from model.run import pipeline
from model.run.arrays import LogMel, Sound
from model.run.arrays import parts as array_parts
from model.run.results import make_result
from model.systems import cards
from model.systems.base import Execution, Network, System
from model.systems.cards import Card

if TYPE_CHECKING:
    import pandas as pd

File: TypeAlias = str | PathLike[str]
One: TypeAlias = File | Sound | LogMel
Clips: TypeAlias = One | Sequence[One]
"""A file or a folder of mp3s, a sound, a spectrogram; or several of them, mixed as you like."""

_NAMED = 5
_ADVICE = (
    "add recursive=True to look into its subfolders",
    "add any_audio=True for formats other than mp3",
)


def load(
    system: str = systems.DEFAULT,
    prior: str | Mapping[str, float] = "uniform",
    device: Literal["auto", "cpu", "gpu"] = "auto",
    workers: int | None = None,
    batch: int | None = None,
    calibration: CalibrationChoice = "card",
    weights: str | PathLike[str] | None = None,
    progress: bool = False,
    runtime: Literal["auto", "keras", "onnx"] = "auto",
) -> "Classifier":
    """A classifier, ready to use; the network is loaded with the first clip.

    >>> import model
    >>> classifier = model.load(device="cpu")
    >>> table = classifier.predict("tests/clips")
    >>> table.loc["tests/clips/spoken-word.mp3"].idxmax()
    'Spoken'

    Args:
        system: name of a card in ``weights/``.
        prior: class mix to expect: ``uniform``, ``fma``, ``train``, ``estimate`` (from all clips
            of a call), the path of a json file, or weights by genre.
        device: where the network runs; ``auto`` takes a GPU that works.
        workers: decoding processes; one a processor unless told otherwise.
        batch: windows of a call of the network; what suits the device unless told otherwise.
        calibration: whether to calibrate: ``card``, as the system's card has it (systems of 2018
            do not), ``on`` or ``off``.
        weights: card of a system that you trained, ``NAME.json``, instead of ``system``.
        progress: whether calls with several clips show their progress on standard error.
        runtime: what runs the network: ``keras`` (TensorFlow), ``onnx`` (ONNX Runtime, on the CPU),
            or ``auto``: ``keras`` on a GPU, ``onnx`` on a CPU.

    Raises:
        UsageError: the device, the workers, the batch, the calibration, the prior or the run-time
            is invalid.
        CardError: there is no such system, or its weights are not what the card says.
    """
    workers = cpus.usable() if workers is None else workers
    options.check("device", device)
    options.check("workers", workers)
    options.check("batch_size", batch, "batch")
    options.check("calibration", calibration)
    options.check("runtime", runtime)
    options.check_runtime(runtime, device)
    own = Path(weights) if weights is not None else None
    options.check("weights", own)
    name, folder = systems.locate(system, own)
    card = cards.read(name, folder).choosing(calibration)
    shares = None
    if not isinstance(prior, str):
        shares = priors.weighted(prior, "prior")
    elif prior != priors.ESTIMATE:
        shares = priors.named(prior, card.training_prior)
    execution = Execution(device, cpus.usable(), batch, runtime)
    return Classifier(card, systems.load(card, folder), shares, execution, workers, progress)


@dataclass(frozen=True)
class Classifier:
    """A loaded genre classifier. Create one with ``load()``.

    Its worker processes start with the first file and serve all later calls. They end with
    ``close()``, at the end of a ``with`` block, when the classifier is garbage-collected, and when
    the program exits.

    >>> import model
    >>> with model.load(device="cpu") as classifier:
    ...     classifier.predict("tests/clips/jazz-trio.mp3").shape
    (1, 16)

    Attributes:
        card: description of the system.
        system: front end and network of the system.
        prior: expected class mix, shape [16]; None to estimate it from all clips of a call.
        execution: where the network runs.
        workers: number of worker processes that decode files.
        progress: whether calls with several clips show their progress on standard error.
    """

    card: Card
    system: System
    prior: FloatArray | None
    execution: Execution
    workers: int
    progress: bool = False

    def __repr__(self) -> str:
        name, device = self.card.name, self.execution.device
        return f"Classifier(system={name!r}, device={device!r}, workers={self.workers})"

    def __enter__(self) -> "Classifier":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes; a later call starts new ones."""
        if pool := self.__dict__.pop("_pool", None):
            pool.close()

    @property
    def rate(self) -> int:
        """Samples per second of the waveforms that the front end takes."""
        return self.system.front_end.sample_rate

    def predict(
        self,
        clips: Clips,
        *,
        recursive: bool = False,
        any_audio: bool = False,
        whole: bool = False,
    ) -> "pd.DataFrame":
        """Probabilities of the sixteen genres.

        A clip without usable audio has the prior, and a warning names it.

        >>> import model
        >>> classifier = model.load(device="cpu")
        >>> sound = model.load_audio("tests/clips/jazz-trio.mp3")
        >>> table = classifier.predict([sound, "tests/clips/rock-band.mp3"])
        >>> table.shape
        (2, 16)
        >>> list(table.index)
        [0, 'tests/clips/rock-band.mp3']

        Args:
            clips: files, folders, sounds (samples and rate) or log-mel spectrograms.
            recursive: look into the subfolders of folders as well.
            any_audio: take files of other formats than mp3 from folders as well.
            whole: classify whole recordings instead of their middle 30 s.

        Returns:
            A row for each clip, in their order (a folder's by file name), named by its path, or by
            its place where it is no file; a column for each genre.

        Raises:
            GenreError: pandas is not installed.
            TypeError: something is neither a path nor an array.
            UsageError: a folder has no mp3 (or other audio, if asked for), or the only file is not
                there; of several files, one that is not there has the prior.
            ValueError: an array is neither a sound nor a spectrogram.
        """
        names, results = self._results(clips, recursive, any_audio, whole)
        import pandas as pd

        rows = [result.probabilities for result in results]
        return pd.DataFrame(rows, pd.Index(names, name="file"), list(GENRES), dtype=np.float64)

    def predict_windows(
        self,
        clips: Clips,
        *,
        recursive: bool = False,
        any_audio: bool = False,
        whole: bool = False,
    ) -> "pd.DataFrame":
        """Probabilities of the sixteen genres for each window of about ten seconds.

        Arguments and errors are those of ``predict``; with ``whole`` the windows are those of whole
        recordings.

        >>> import model
        >>> table = model.load(device="cpu").predict_windows("tests/clips/folk-waltz.mp3")
        >>> list(table.index.names)
        ['file', 'start']

        Returns:
            A row for each window, named by the clip and by the second of the file (or sound) at
            which the window starts; a column for each genre. A clip without usable audio has no
            row.
        """
        names, results = self._results(clips, recursive, any_audio, whole, WINDOWS)
        import pandas as pd

        windows = [(name, w) for name, one in zip(names, results, strict=True) for w in one.windows]
        starts = [(name, window.start) for name, window in windows]
        index = pd.MultiIndex.from_tuples(starts, names=["file", "start"])
        rows = [window.probabilities for _, window in windows]
        return pd.DataFrame(rows, index, list(GENRES), dtype=np.float64)

    def embed(
        self,
        clips: Clips,
        *,
        recursive: bool = False,
        any_audio: bool = False,
        whole: bool = False,
    ) -> "pd.DataFrame":
        """What the network knows of clips before it names genres, for models of your own.

        Arguments are those of ``predict``.

        >>> import model
        >>> vectors = model.load(device="cpu").embed(["tests/clips/folk-waltz.mp3"])
        >>> vectors.notna().all(axis=None)
        np.True_

        Returns:
            A row for each clip, float32, the mean over its windows; NaN without usable audio.

        Raises:
            GenreError: the system has none.
            GenreError, UsageError, ValueError: as ``predict``.
        """
        names, results = self._results(clips, recursive, any_audio, whole, EMBEDDING)
        import pandas as pd

        known = [one.embedding for one in results if one.embedding is not None]
        nothing = np.full(len(known[0]) if known else 0, np.nan, np.float32)
        rows = [nothing if one.embedding is None else one.embedding for one in results]
        return pd.DataFrame(np.array(rows), pd.Index(names, name="file"))

    def load_audio(self, path: File) -> Sound:
        """A file as the front end takes it: mono, at ``rate``, at most its middle 30 s."""
        return load_audio(path, self.rate)

    def log_mel(self, clip: File | Sound) -> NDArray[Any]:
        """What the network sees: a spectrogram, float16, shape [frames, bands].

        Of a system on hand-made features it is these, float32, shape [1, 518].

        >>> import model
        >>> classifier = model.load(device="cpu")
        >>> spectrogram = classifier.log_mel("tests/clips/folk-waltz.mp3")
        >>> spectrogram.shape[1] == classifier.card.front_end.width
        True

        Args:
            clip: a file, which is decoded in this process, or a sound.

        Raises:
            UndecodableError: no usable audio could be had from it.
            ValueError: the arrays are not a sound.
        """
        return self.system.front_end.compute(self._waveform(clip).samples)

    def _waveform(self, clip: File | Sound) -> audio.Waveform:
        """What the front end takes, of a file or a sound."""
        if isinstance(clip, tuple):
            return audio.from_array(*clip, self.rate)
        return audio.load(Path(clip), self.rate)

    @cached_property
    def _pool(self) -> DecoderPool:
        return DecoderPool(self.system.front_end, self.workers)

    @cached_property
    def _network(self) -> Network:
        return self.system.connect(self.execution)

    def _results(
        self, clips: Clips, recursive: bool, any_audio: bool, whole: bool, *arrays: str
    ) -> tuple[list[str | int], list[Result]]:
        """Names and results of clips, the files of folders one by one."""
        require_package("pandas", "the tables of the Python API need it")
        run_clips: list[Clip] = []
        in_process = {}
        for one in _several(clips):
            if isinstance(one, str | PathLike) and not (_is_one(clips) or lexists(one)):
                run_clips.append(Clip(fspath(one), fspath(one)))
            elif isinstance(one, str | PathLike):
                found = find([fspath(one)], recursive, any_audio, _ADVICE)
                # Rows have paths for names here, so that two files with one id do not share a row.
                both = sorted((*found.clips, *found.duplicates), key=attrgetter("file_id"))
                run_clips += [Clip(clip.path, clip.path) for clip in both]
            else:
                in_process[len(run_clips)] = array_parts(one, self.system, whole)
                run_clips.append(Clip(str(len(run_clips)), ""))
        system = replace(self.system, connect=lambda _: self._network)
        run = (system, self.card.calibration, self.execution, self._pool)
        predicted = pipeline.predict(
            run_clips, *run, arrays=arrays, in_process=in_process, whole=whole
        )
        if len(run_clips) > 1:
            predicted = shown(predicted, len(run_clips), quiet=not self.progress)
        predictions = list(predicted)
        training_prior = np.array(self.card.training_prior)
        prior = self.prior
        if prior is None:
            posteriors = [one.posterior for one in predictions if one.posterior is not None]
            prior = estimated_prior(np.array(posteriors).reshape(-1, len(GENRES)), training_prior)
        results = [
            make_result(clip, prediction, training_prior, prior)
            for clip, prediction in zip(run_clips, predictions, strict=True)
        ]
        without = [one for one in results if not one.predicted]
        if without:
            named = [f"{printable(one.clip.file_id)} ({one.notices[0].reason})" for one in without]
            more = ", ..." * (len(named) > _NAMED)
            warnings.warn(
                f"no usable audio, hence the prior: {', '.join(named[:_NAMED])}{more}", stacklevel=3
            )
        return [clip.path or place for place, clip in enumerate(run_clips)], results


def load_audio(path: File, rate: int = 22_050) -> Sound:
    """A file as samples, decoded in this process.

    >>> import model
    >>> samples, rate = model.load_audio("tests/clips/folk-waltz.mp3")
    >>> samples.dtype, samples.ndim, rate
    (dtype('float32'), 1, 22050)

    Args:
        path: a file of any format that the decoders know.
        rate: wanted samples per second.

    Returns:
        Mono samples, nominally in [-1, 1], of at most its middle 30 s; and the rate.

    Raises:
        UndecodableError: no usable audio could be had from it.
    """
    return audio.load(Path(path), rate).samples, rate


def _several(clips: Clips) -> list[One]:
    """The parts of what a call was given.

    Raises:
        TypeError: one of them is neither a path nor an array.
    """
    one = _is_one(clips) or not isinstance(clips, Iterable)
    parts = [clips] if one else list(cast(Iterable[One], clips))
    for part in parts:
        if not isinstance(part, str | PathLike | np.ndarray | tuple):
            raise TypeError(
                f"{part!r:.100} is no clip; give a file, a folder, samples as (samples, rate), "
                "what log_mel gives, or a list of these"
            )
    return cast(list[One], parts)


def _is_one(clips: Clips) -> bool:
    if isinstance(clips, tuple):  # a sound, if its second part is a rate
        return len(clips) == 2 and isinstance(clips[1], int | np.integer)
    return isinstance(clips, str | PathLike | np.ndarray)
