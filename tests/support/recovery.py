"""Seconds of audio that each decoder recovers from each damaged or unusual file of ``zoo``.

``python -m tests.support.recovery`` decodes every file with each decoder alone and with the decoder
fallback of the program, and writes ``benchmarks/RECOVERY.md``. The exit code is 1 when the fallback
recovers less than 99 % of the best decoder's seconds from any file.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import miniaudio
import soundfile

from model.clips import LONGEST_SECONDS
from model.decoding.audio import UndecodableError, load
from model.decoding.decoders import ffmpeg, libsndfile
from tests.conftest import CLIPS, ROOT
from tests.support.zoo import Specimen, build_zoo

TABLE = ROOT / "benchmarks" / "RECOVERY.md"
LEAST_RATIO = 0.99
CHANCE_SECONDS = 0.5
GOOD_CLIP = "rock-band.mp3"
_RATE = 22_050
_WHOLE_SECONDS = 36_000.0
_COMMAND_RATE = 16_000

Seconds = Callable[[Path], float]


@dataclass(frozen=True)
class Recovery:
    """Seconds recovered from one file.

    Attributes:
        name: of the file.
        alone: seconds that each decoder gets alone, of the whole file; 0 where it fails.
        wrong_speed: whether the sample rate changes, which miniaudio does not follow.
        ours: seconds that the program uses, at most 30.
        reasons: notices of the program about the file.
    """

    name: str
    alone: Mapping[str, float]
    wrong_speed: bool
    ours: float
    reasons: tuple[str, ...]

    @property
    def counted(self) -> Mapping[str, float]:
        """``alone`` without what was played at a wrong speed."""
        return {
            name: seconds
            for name, seconds in self.alone.items()
            if not (self.wrong_speed and name == "miniaudio")
        }

    @property
    def ratio(self) -> float:
        """What we use as a share of the best, of which 30 s count at most.

        One where there is nothing to be had: no decoder gets anything, or at least two fail and
        the others get less than ``CHANCE_SECONDS``, as they may out of any bytes; or the audio is
        all the same.
        """
        best = min(max(self.counted.values()), LONGEST_SECONDS)
        unconfirmed = sum(seconds > 0 for seconds in self.counted.values()) < 2
        if best == 0 or "silent" in self.reasons or (unconfirmed and best < CHANCE_SECONDS):
            return 1.0
        return self.ours / best


def by_libsndfile(path: Path) -> float:
    """Seconds that libsndfile gives of a whole file."""
    return libsndfile.read(path, _WHOLE_SECONDS).seconds


def by_miniaudio(path: Path) -> float:
    """Seconds that miniaudio gives, with the decoder that it finds for the content."""
    content = path.read_bytes()
    try:
        sound = miniaudio.mp3_read_s16(content)
    except miniaudio.DecodeError:
        sound = miniaudio.decode(content)
    return float(len(sound.samples) / sound.nchannels / sound.sample_rate)


@lru_cache(maxsize=1)
def by_pyav(path: Path) -> tuple[float, int]:
    """Seconds that ffmpeg's libraries give, packet by packet, and the number of sample rates."""
    reading = ffmpeg.read(path, _WHOLE_SECONDS)
    return reading.seconds, reading.rates


def by_command(path: Path) -> float:
    """Seconds that the command ``ffmpeg`` gives."""
    # Alone it would follow a playlist to other files, whose audio is not this file's.
    source = ["-format_whitelist", ffmpeg.CONTAINERS, "-i", f"file:{path}", "-map", "0:a:0"]
    output = ["-ac", "1", "-ar", str(_COMMAND_RATE), "-f", "s16le", "-"]
    done = subprocess.run(
        ["ffmpeg", "-v", "quiet", *source, *output],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return len(done.stdout) / 2 / _COMMAND_RATE


def decoders() -> dict[str, Seconds]:
    """The decoders at hand, by name."""
    found: dict[str, Seconds] = {
        "soundfile": by_libsndfile,
        "miniaudio": by_miniaudio,
        "PyAV": lambda path: by_pyav(path)[0],
    }
    if shutil.which("ffmpeg"):
        found["ffmpeg"] = by_command
    return found


def measured(folder: Path, specimens: Sequence[Specimen]) -> list[Recovery]:
    """Decode every regular file of a collection with everything."""
    return [
        _recovery(folder / specimen.name, decoders())
        for specimen in specimens
        if (folder / specimen.name).is_file()
    ]


def _recovery(path: Path, alone: Mapping[str, Seconds]) -> Recovery:
    try:
        waveform = load(path, _RATE)
        ours = len(waveform.samples) / waveform.rate
        reasons = [notice.reason for notice in waveform.notices]
    except UndecodableError as error:
        ours, reasons = 0.0, [error.notice.reason]
    seconds = {name: _attempt(decode, path) for name, decode in alone.items()}
    return Recovery(path.name, seconds, _changes_rate(path), ours, tuple(reasons))


def _changes_rate(path: Path) -> bool:
    try:
        return by_pyav(path)[1] > 1
    except Exception:  # as in _attempt
        return False


def _attempt(decode: Seconds, path: Path) -> float:
    try:
        return decode(path)
    except Exception:  # decoders raise what they like at odd files; it means nothing was had
        return 0.0


def rendered(found: Sequence[Recovery]) -> str:
    """The table as a document."""
    names = list(found[0].alone)
    versions = [f"{name} {version(name)}" for name in ("soundfile", "miniaudio", "av")]
    versions.append(f"libsndfile {soundfile.__libsndfile_version__.removeprefix('libsndfile-')}")
    lines = [
        "# Seconds recovered from damaged and unusual files",
        "",
        "Written by `python -m tests.support.recovery` from the files of `tests/support/zoo.py`.",
        f"Python {platform.python_version()}, {', '.join(versions)}{_command_version()}.",
        "",
        "Each decoder alone reads the whole file, a dash is a failure. *Ours* is what the program",
        "uses, at most the middle 30 s. *Ratio* is ours to the best of them, counted to 30 s; it",
        "must be at least 0.99. It is 1 where nothing is to be had: for silence, and for less than",
        "half a second that a single decoder finds, as one may in any bytes. miniaudio plays what",
        "follows a change of sample rate at a wrong speed: its seconds in brackets do not count.",
        "",
        f"Lowest ratio of {len(found)} files: {min(one.ratio for one in found):.3f}",
        "",
        "| " + " | ".join(["file", *names, "ours", "ratio", "what the program says"]) + " |",
        "|---" + "|--:" * (len(names) + 2) + "|---|",
    ]
    for one in sorted(found, key=lambda one: one.name):
        cells = [f"`{_shown(one.name)}`"]
        for name, seconds in one.alone.items():
            cells.append(_cell(seconds) if name in one.counted else f"({_cell(seconds)})")
        cells += [_cell(one.ours), f"{one.ratio:.2f}", ", ".join(one.reasons)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _cell(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds else "-"


def _shown(name: str) -> str:
    """A name on one line of a table, shortened where it is very long."""
    name = ascii(name)[1:-1].replace("|", "\\|")
    return name if len(name) <= 60 else f"{name[:40]}...{name[-8:]}"


def _command_version() -> str:
    if not shutil.which("ffmpeg"):
        return ""
    done = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    return f", ffmpeg {done.stdout.split()[2]}"


def main() -> int:
    """Measure and write; returns the exit code."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "zoo")
        found = measured(folder, build_zoo(folder, CLIPS / GOOD_CLIP))
    TABLE.write_text(rendered(found), encoding="utf-8")
    short = [one for one in found if one.ratio < LEAST_RATIO]
    for one in short:
        print(f"{one.name!r}: {one.ours:.2f} s of {max(one.counted.values()):.2f} s")
    print(f"{len(found)} files, {len(short)} below {LEAST_RATIO}: see {TABLE.name}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
