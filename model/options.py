"""What a person asked for, as one value that travels from the door to the pipeline."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Options:
    """Options of a run.

    Attributes:
        sources: folders, files or ``@list.txt``.
        output: the csv file to write.
        system: name of a card.
        weights_folder: where cards and weights lie.
        recursive: look into subfolders.
        prior: class mix to expect: ``fma``, ``uniform``, ``train``, or a json file.
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
    prior: str = "fma"
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
