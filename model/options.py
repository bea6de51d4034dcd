"""What a person asked for, as one value that travels from the door to the pipeline."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

WINDOWS: Final = "windows"
EMBEDDING: Final = "embedding"
THUMBNAIL: Final = "thumbnail"
"""Names of what may be kept of a clip beside its posterior."""

CalibrationChoice: TypeAlias = Literal["card", "on", "off"]
"""Whether to calibrate: as the system's card has it, always, or never."""


@dataclass(frozen=True)
class Options:
    """Options of a run.

    Attributes:
        sources: folders, files or ``@list.txt``.
        output: the table to write.
        system: name of a card.
        weights_folder: where cards and weights lie.
        recursive: look into subfolders.
        any_audio: take audio files of other formats than mp3 from folders.
        shard: which part of the clips to do, and of how many parts; None for all.
        calibration: whether to calibrate.
        prior: class mix to expect: ``fma``, ``uniform``, ``train``, ``estimate``, or a json file.
        format: of the table: ``csv``, ``parquet`` or ``jsonl``; empty for what its name says.
        min_confidence: below it a clip's ``genre`` is ``unsure``; None for no such column.
        per_window: file for the probabilities of each window, or None.
        embeddings: file for the embeddings of the clips, or None.
        report: html file to look at, or None.
        embed_audio: whether the report holds the audio files themselves.
        write_tags: ``dry-run`` to print which genres would be written to the clips, ``apply`` to
            write them, or nothing.
        save_settings: whether the settings are written beside the table.
        batch: windows of one call of the network, or None for what suits the device.
        workers: decoding processes.
        device: where the network runs.
        top: genres of each clip to print, 0 for none.
        time_limit: seconds after which the clips not reached get the prior, or None.
        partial: whether a run that was asked to end does so too.
        resume: whether clips finished by an earlier run count.
        keep_journal: whether the journal stays when all is done.
        strict: whether clips without a prediction make the exit code 3.
        verbosity: -1 quiet, 0 normal, 1 verbose.
    """

    sources: tuple[str, ...]
    output: Path
    system: str
    weights_folder: Path
    recursive: bool = False
    any_audio: bool = False
    shard: tuple[int, int] | None = None
    calibration: CalibrationChoice = "card"
    prior: str = "fma"
    format: str = ""
    min_confidence: float | None = None
    per_window: Path | None = None
    embeddings: Path | None = None
    report: Path | None = None
    embed_audio: bool = False
    write_tags: Literal["", "dry-run", "apply"] = ""
    save_settings: bool = False
    batch: int | None = None
    workers: int = 1
    device: Literal["auto", "cpu", "gpu"] = "auto"
    top: int = 0
    time_limit: float | None = None
    partial: bool = False
    resume: bool = True
    keep_journal: bool = False
    strict: bool = False
    verbosity: int = 0
