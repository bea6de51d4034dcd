"""Options of a run, each declared once.

The command lines, the settings file and the checks of the Python API derive from ``Options``.
"""
# ruff: noqa: RUF009 (``_option`` is ``dataclasses.field`` with metadata)

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from operator import index
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from model.errors import UsageError

WINDOWS: Final = "windows"
EMBEDDING: Final = "embedding"
THUMBNAIL: Final = "thumbnail"
LIKENESS: Final = "likeness"
"""Names of the arrays that the journal can hold for a clip in addition to its posterior."""

CalibrationChoice: TypeAlias = Literal["card", "on", "off"]
"""Whether to calibrate: as the system's card says, always, or never."""

Device: TypeAlias = Literal["auto", "cpu", "gpu"]
Runtime: TypeAlias = Literal["auto", "keras", "onnx"]
TableFormat: TypeAlias = Literal["csv", "parquet", "jsonl", "xlsx"]
TagMode: TypeAlias = Literal["dry-run", "apply", "fill"]

COLUMNS: Final = ("genre", "probability", "predicted")
"""Columns that a table can have beside those of a submission."""

INPUT: Final = "clips and probabilities"
OUTPUT: Final = "output files"
EXECUTION: Final = "execution"
"""Headings of the options in ``--help``."""

_TIME_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Option:
    """Declaration of an option, in the metadata of its field in ``Options``.

    Attributes:
        help: explanation for ``--help``.
        group: heading of ``--help`` that lists the option.
        flag: short form on the command line.
        metavar: name of the value in ``--help``.
        parse: converts the text of the command line; raises ValueError for invalid text.
        is_valid: whether a parsed value can be used; may raise TypeError for a wrong type.
        expected: the valid values in words, for messages.
        saved: whether the settings file contains the option. Options that suit one machine only
            and options that change the clips are not saved.
    """

    help: str
    group: str
    flag: str = ""
    metavar: str = ""
    parse: Callable[[str], Any] = str
    is_valid: Callable[[Any], bool] = lambda _: True
    expected: str = ""
    saved: bool = True


def _option(default: object, help: str, group: str, **more: Any) -> Any:
    return field(default=default, metadata={"option": Option(help, group, **more)})


def _choice(alias: Any) -> dict[str, Any]:
    choices = get_args(alias)
    return {
        "metavar": f"{{{','.join(choices)}}}",
        "is_valid": lambda value: value in choices,
        "expected": f"one of {', '.join(choices)}",
    }


def _count(metavar: str, minimum: int) -> dict[str, Any]:
    return {
        "metavar": metavar,
        "parse": int,
        "is_valid": lambda value: index(value) >= minimum,
        "expected": f"a whole number, at least {minimum}",
    }


def _path(metavar: str) -> dict[str, Any]:
    return {"metavar": metavar, "parse": Path}


def _shard(text: str) -> tuple[int, int]:
    part, parts = text.split("/")
    return int(part), int(parts)


def _seconds(text: str) -> float:
    unit = _TIME_UNITS.get(text[-1:])
    return float(text[:-1]) * unit if unit else float(text)


@dataclass(frozen=True)
class Options:
    """Options of a run; the declarations explain those that the command line has.

    Attributes:
        sources: folders, files or ``@list.txt`` that name the clips.
        min_confidence: None for a table without the column ``genre``.
        format: None to derive the format from the name of ``output``.
        write_tags: None to leave the clips as they are.
        batch_size: None for the size that suits the device.
        time_limit: time limit in seconds.
        verbosity: -1 quiet, 0 normal, 1 verbose.

    Raises:
        UsageError: a value is invalid, or two options cannot be combined.
    """

    sources: tuple[str, ...]
    output: Path = _option(MISSING, "table to write", OUTPUT, flag="-o", **_path("TABLE"))
    system: str = _option(MISSING, "system; --list-systems lists all", INPUT, metavar="NAME")
    weights: Path | None = _option(
        None,
        "card of a system that you trained, instead of --system",
        INPUT,
        **_path("CARD.json"),
        is_valid=lambda path: path.suffix == ".json",
        expected="the card of a system, a file named .json",
    )
    recursive: bool = _option(False, "search the subfolders of folders, too", INPUT, flag="-r")
    any_audio: bool = _option(
        False, "also take wav, flac, ogg, opus, m4a, aac, aiff and wma files from folders", INPUT
    )
    whole: bool = _option(False, "classify whole recordings instead of their middle 30 s", INPUT)
    shard: tuple[int, int] | None = _option(
        None,
        "classify only the I-th of N parts of the clips",
        INPUT,
        metavar="I/N",
        parse=_shard,
        is_valid=lambda shard: 1 <= shard[0] <= shard[1],
        expected="a part such as 1/8 or 8/8",
    )
    calibration: CalibrationChoice = _option(
        "card",
        "correct over- and underconfidence: card (as the system's card says: on where "
        "it lowered the log loss of held-out clips), on, or off",
        INPUT,
        **_choice(CalibrationChoice),
    )
    prior: str = _option(
        "uniform",
        "expected class mix: uniform, fma (fma_medium, as for the challenge), train (the training "
        "clips'), estimate (from all clips of the run), or a json file of genre: weight",
        INPUT,
        metavar="PRIOR",
    )
    overwrite: bool = _option(
        False,
        "replace existing files also if this program did not write them; never an input",
        OUTPUT,
        saved=False,
    )
    format: TableFormat | None = _option(
        None, "format of the table (default: by its name, else csv)", OUTPUT, **_choice(TableFormat)
    )
    min_confidence: float | None = _option(
        None,
        "add a column genre: the most probable genre, or 'unsure' where its probability is below P",
        OUTPUT,
        metavar="P",
        parse=float,
        is_valid=lambda share: 0 <= share <= 1,
        expected="a number from 0 to 1",
    )
    columns: tuple[str, ...] = _option(
        (),
        "add columns to the table: genre (the most probable one), probability (of that genre), "
        "predicted (no where the row has the prior); several with commas between",
        OUTPUT,
        metavar="NAMES",
        parse=lambda text: tuple(text.split(",")),
        is_valid=lambda names: {*names} <= {*COLUMNS} and len({*names}) == len(names),
        expected=f"one or several of {','.join(COLUMNS)}",
    )
    digits: int | None = _option(
        None,
        "digits behind the decimal point of each probability (default: all; 6 with --columns)",
        OUTPUT,
        metavar="D",
        parse=int,
        is_valid=lambda digits: 1 <= index(digits) <= 17,
        expected="a whole number from 1 to 17",
    )
    top: int = _option(0, "print the K most probable genres of each clip", OUTPUT, **_count("K", 0))
    per_window: Path | None = _option(
        None, "write the probabilities of each window of ten seconds", OUTPUT, **_path("FILE")
    )
    embeddings: Path | None = _option(
        None,
        "write the network's features of each clip, as npz or parquet",
        OUTPUT,
        **_path("FILE"),
        is_valid=lambda path: path.suffix.lower() in (".npz", ".parquet"),
        expected="a file named .npz or .parquet",
    )
    report: Path | None = _option(
        None, "write an html page to browse the results", OUTPUT, **_path("HTML")
    )
    truth: Path | None = _option(
        None,
        "compare with right genres in the report: a csv file with the columns file_id and genre",
        OUTPUT,
        **_path("CSV"),
    )
    embed_audio: bool = _option(False, "put the audio files into the report", OUTPUT)
    write_tags: TagMode | None = _option(
        None,
        "genres for the ID3 tags of the mp3 files, where the probability reaches --min-confidence "
        "or 0.5: print them (no value, or =dry-run), write them (=apply), or write them where a "
        "file has no genre (=fill)",
        OUTPUT,
        **_choice(TagMode),
        saved=False,
    )
    save_settings: bool = _option(
        False,
        "write NAME.settings.json next to the table; --shard always does",
        OUTPUT,
        saved=False,
    )
    device: Device = _option("auto", "processor of the network", EXECUTION, **_choice(Device))
    runtime: Runtime = _option(
        "auto",
        "what runs the network: keras (TensorFlow), onnx (ONNX Runtime, on the CPU), or auto: "
        "keras on a GPU, onnx on a CPU",
        EXECUTION,
        **_choice(Runtime),
    )
    workers: int = _option(
        1, "worker processes that decode files", EXECUTION, **_count("N", 1), saved=False
    )
    batch_size: int | None = _option(
        None,
        "windows of ten seconds in a batch of the network (default: what suits the device)",
        EXECUTION,
        **_count("N", 1),
    )
    time_limit: float | None = _option(
        None,
        "end in time, such as 9.5h or 30m: clips that are not reached get the prior",
        EXECUTION,
        metavar="TIME",
        parse=_seconds,
        is_valid=lambda seconds: 0 < seconds < math.inf,
        expected="a time above 0 such as 9.5h, 30m or 90",
    )
    partial: bool = _option(
        False, "do the same when a signal ends the run, instead of waiting to be resumed", EXECUTION
    )
    resume: bool = _option(
        True, "continue from the journal of an interrupted run, or start over", EXECUTION
    )
    keep_journal: bool = _option(False, "keep TABLE.journal after the run", EXECUTION)
    strict: bool = _option(False, "exit with 3 when a clip has no prediction", EXECUTION)
    verbosity: int = 0

    def __post_init__(self) -> None:
        for name in DECLARED:
            check(name, getattr(self, name))
        for name, does in (("embed_audio", "puts audio into"), ("truth", "adds right genres to")):
            if getattr(self, name) and not self.report:
                raise UsageError(f"--{flag(name)} {does} a report; name one with --report HTML")
        check_runtime(self.runtime, self.device)
        if self.shard and (self.columns or self.digits):
            raise UsageError(
                "the tables of shards are joined, which needs all digits and no other columns; "
                "leave out --columns and --digits"
            )
        if self.shard and self.prior == "estimate":
            raise UsageError(
                "--prior estimate needs all clips, and a shard has only some; name another prior"
            )

    def values(self) -> dict[str, object]:
        """Values of the options that have one, as json values by name on the command line."""
        values = {name: getattr(self, name) for name in DECLARED}
        plain = {flag(name): _plain(value) for name, value in values.items()}
        return {name: value for name, value in plain.items() if value is not None}

    def changed(self) -> dict[str, object]:
        """The ``values`` that are not the defaults."""
        return {
            name: value
            for name, value in self.values().items()
            if value != getattr(Options, field_name(name), None)
        }


DECLARED: Final[Mapping[str, Option]] = {
    item.name: item.metadata["option"] for item in fields(Options) if item.metadata
}
"""Declarations by field name."""


def check_runtime(runtime: Runtime, device: Device) -> None:
    """Check that a run-time can use a device.

    Raises:
        UsageError: ONNX Runtime is asked to use a GPU.
    """
    if (runtime, device) == ("onnx", "gpu"):
        raise UsageError("the run-time onnx uses the CPU; leave out the device gpu")


def check(name: str, value: object, label: str = "") -> None:
    """Check the value of an option; an option may always have its default.

    Args:
        name: name of the field.
        value: value of the field.
        label: name of the option in the message, by default its name on the command line.

    Raises:
        UsageError: the value is invalid; the message names the option, the value and valid values.
    """
    if not _is_valid(name, value):
        raise _invalid(label or flag(name), repr(value), DECLARED[name])


def parse(name: str, text: str) -> Any:
    """Value of an option from the text of the command line.

    Raises:
        UsageError: the text is invalid.
    """
    with suppress(ValueError):
        value = DECLARED[name].parse(text)
        if _is_valid(name, value):
            return value
    raise _invalid(flag(name), text, DECLARED[name])


def flag(name: str) -> str:
    """Name of a field on the command line, without its dashes."""
    return name.replace("_", "-")


def field_name(flag: str) -> str:
    """Name of the field of an option that is called ``flag`` on the command line."""
    return flag.replace("-", "_")


def _is_valid(name: str, value: object) -> bool:
    try:
        return value == getattr(Options, name, None) or DECLARED[name].is_valid(value)
    except (TypeError, AttributeError):
        return False


def _invalid(label: str, value: str, option: Option) -> UsageError:
    return UsageError(f"invalid {label} {value}: must be {option.expected}")


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):  # a shard has numbers
        return ("," if isinstance(value[0], str) else "/").join(map(str, value)) if value else None
    return value
