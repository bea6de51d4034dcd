"""Fetch labelled real recordings from Debian packages, for tests by ear and by number.

`recordings.tsv`, beside this file, lists 196 recordings in freely licensed packages by package,
version, path and sha256, with a genre. A package is got through `apt-get download`, so this works
on Debian 12 with package lists at hand (`apt-get update`), as any user, installing nothing.

    python -m tests.support.recordings --packages parsec47-data,amoebax-data --out FOLDER

writes one mp3 of up to 30 s per recording. What was fetched is kept in a cache outside of git:
`cache/recordings` at the project's root, or the folder in the variable RECORDINGS_CACHE.
"""

import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

TABLE = Path(__file__).resolve().parents[1] / "recordings.tsv"
DEFAULT_CACHE = Path(__file__).resolve().parents[2] / "cache" / "recordings"
CACHE_VARIABLE = "RECORDINGS_CACHE"

# 59 MB to download. The only Rock (marsshooter-data, 68 MB) and the only Classical (warmux-data,
# 98 MB) recordings are in packages too large for a default.
DEFAULT_PACKAGES = (
    "amoebax-data",  # Instrumental
    "ardentryst",  # Experimental
    "asterisk-core-sounds-en-wav",  # Spoken
    "parsec47-data",  # Electronic
    "titanion-data",  # Electronic
)

MEGABYTE = 1_000_000  # bytes
MOST_DOWNLOAD = 200 * MEGABYTE  # bytes of a package
MOST_UNPACKED = 400 * MEGABYTE  # bytes of an unpacked package
MOST_SOURCE = 60 * MEGABYTE  # bytes of one recording
EXCERPT_SECONDS = 30
BIT_RATE = 128  # kbit/s
FALLBACK_RATE = 44_100  # samples per second, where mp3 does not have the file's own rate


class RecordingUnavailable(Exception):  # noqa: N818
    """A package cannot be had in the version that the table names."""


class RecordingUnreadable(Exception):  # noqa: N818
    """A file of a package is not the one that the table names, or cannot be decoded."""


@dataclass(frozen=True)
class Recording:
    """One row of the table.

    `start_second` is where the excerpt of 30 s begins. `clip_id` names the middle 15 s of that
    excerpt in the set of labelled clips; it is empty when the recording is not in that set.
    """

    package: str
    version: str
    path_in_package: str
    genre: str
    original_label: str
    start_second: float
    sha256: str
    clip_id: str


@remembered
def table() -> tuple[Recording, ...]:
    """Read all rows of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(
        Recording(
            package=row["package"],
            version=row["version"],
            path_in_package=row["path_in_package"],
            genre=row["genre"],
            original_label=row["original_label"],
            start_second=float(row["start_second"]),
            sha256=row["sha256"],
            clip_id=row["clip_id"],
        )
        for row in rows
    )


def recordings(packages: Collection[str] = DEFAULT_PACKAGES) -> list[Recording]:
    """Return the recordings in some packages, in the table's order."""
    unknown = set(packages) - {recording.package for recording in table()}
    if unknown:
        raise ValueError(f"no such package in {TABLE.name}: {', '.join(sorted(unknown))}")
    return [recording for recording in table() if recording.package in packages]


def output_name(recording: Recording) -> str:
    """Return `<package>-<stem>.mp3`, with the folder before a stem that a package has twice."""
    paths = [Path(row.path_in_package) for row in table() if row.package == recording.package]
    path = Path(recording.path_in_package)
    unique = Counter(other.stem for other in paths)[path.stem] == 1
    stem = path.stem if unique else f"{path.parent.name}-{path.stem}"
    return f"{recording.package}-{stem}.mp3"


def output_of(words: list[str], folder: Path) -> str:
    """Run a command in a folder and return what it prints; `RecordingUnavailable` if it fails."""
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise RecordingUnavailable(f"{words[0]} is needed: this works on Debian only") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise RecordingUnavailable(f"{words[0]} failed: {last}") from error
    return done.stdout


def offered(package: str, folder: Path) -> dict[str, int]:
    """Return the versions of a package that apt offers, each with its download size in bytes."""
    fields = output_of(["apt-cache", "show", "--all-versions", package], folder).splitlines()
    versions = [line.split(": ", 1)[1] for line in fields if line.startswith("Version: ")]
    sizes = [int(line.split(": ", 1)[1]) for line in fields if line.startswith("Size: ")]
    return dict(zip(versions, sizes, strict=False))


def download(package: str, version: str, folder: Path) -> Path:
    """Download a package into a folder and return the path of the archive."""
    advice = "run `apt-get update`, or leave this package out"
    try:
        versions = offered(package, folder)
    except RecordingUnavailable as error:
        raise RecordingUnavailable(f"{package}: {error}; {advice}") from error
    if version not in versions:
        there = ", ".join(versions) or "none"
        raise RecordingUnavailable(
            f"{package}: version {version} is not on offer (there is: {there}); {advice}, "
            "or add a source of packages that has this version"
        )
    if versions[version] > MOST_DOWNLOAD:
        raise RecordingUnavailable(f"{package}: {versions[version] / MEGABYTE:.0f} MB is too large")
    # Root would otherwise warn that apt's own user may not write into the folder.
    options = ["-q", "-o", "APT::Sandbox::User=root"]
    try:
        output_of(["apt-get", *options, "download", f"{package}={version}"], folder)
    except RecordingUnavailable as error:
        raise RecordingUnavailable(f"{package}: {error}; {advice}") from error
    return next(folder.glob("*.deb"))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a package's files into a folder, unless they are too many bytes."""
    kilobytes = output_of(["dpkg-deb", "-f", str(archive), "Installed-Size"], archive.parent)
    if int(kilobytes or 0) * 1024 > MOST_UNPACKED:
        raise RecordingUnavailable(f"{archive.name}: unpacked it is too large")
    output_of(["dpkg-deb", "-x", str(archive), str(folder)], archive.parent)


@contextmanager
def scratch_in(cache: Path) -> Iterator[Path]:
    """Give a temporary folder in the cache, from which a finished result can be moved."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".part-") as name:
        yield Path(name)


def fetch(package: str, cache: Path) -> Path:
    """Return the folder with a package's files, downloading it when it is not in the cache."""
    version = recordings([package])[0].version
    folder = cache / f"{package}_{version.replace(':', '_')}"
    if folder.is_dir():
        return folder
    with scratch_in(cache) as scratch:
        unpacked = scratch / "files"
        unpack(download(package, version, scratch), unpacked)
        try:
            unpacked.rename(folder)
        except OSError:
            # Another process may have been faster; anything else is an error.
            if not folder.is_dir():
                raise
    return folder


def source_file(recording: Recording, cache: Path) -> Path:
    """Return the path of a recording's file after checking its place, size and sha256."""
    root = fetch(recording.package, cache).resolve()
    path = (root / recording.path_in_package).resolve()
    if not (path.is_relative_to(root) and path.is_file()):
        raise RecordingUnreadable(f"{recording.path_in_package}: not in the package")
    if path.stat().st_size > MOST_SOURCE:
        raise RecordingUnreadable(f"{recording.path_in_package}: over {MOST_SOURCE} bytes")
    if hashlib.sha256(path.read_bytes()).hexdigest() != recording.sha256:
        raise RecordingUnreadable(f"{recording.path_in_package}: another sha256 than in the table")
    return path


def cut(path: Path, start_second: float) -> tuple[npt.NDArray[np.float32], int]:
    """Decode 30 s, or what there is, from a second on: samples (samples, 1 or 2) and their rate."""
    try:
        with sf.SoundFile(path) as file:
            rate = int(file.samplerate)
            file.seek(min(round(start_second * rate), file.frames))
            samples = file.read(EXCERPT_SECONDS * rate, dtype="float32", always_2d=True)
    except sf.LibsndfileError as error:
        raise RecordingUnreadable(f"{path.name}: {error}") from error
    if len(samples) == 0:
        raise RecordingUnreadable(f"{path.name}: no samples from second {start_second} on")
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, keepdims=True)
    return samples, rate


def compression_level(rate: int) -> float:
    """Return the encoder's level for `BIT_RATE`, or the highest bit rate that mp3 has at a rate."""
    lowest, highest = (32, 320) if rate >= 32_000 else (8, 160) if rate >= 16_000 else (8, 64)
    return max(0.0, (highest - BIT_RATE) / (highest - lowest))


def write_mp3(path: Path, samples: npt.NDArray[np.float32], rate: int) -> None:
    """Write an mp3 of constant bit rate, resampled only where mp3 does not have the rate."""
    if rate not in {base * factor for base in (8000, 11_025, 12_000) for factor in (1, 2, 4)}:
        samples, rate = soxr.resample(samples, rate, FALLBACK_RATE), FALLBACK_RATE
    sf.write(
        path,
        samples,
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=compression_level(rate),
    )


def excerpt(recording: Recording, cache: Path) -> Path:
    """Return the path in the cache of a recording's excerpt as an mp3, making it when absent."""
    folder = cache / "excerpts" / f"{recording.sha256[:12]}-{recording.start_second:g}"
    path = folder / output_name(recording)
    if path.is_file():
        return path
    samples, rate = cut(source_file(recording, cache), recording.start_second)
    folder.mkdir(parents=True, exist_ok=True)
    with scratch_in(cache) as scratch:
        write_mp3(scratch / path.name, samples, rate)
        (scratch / path.name).replace(path)
    return path


def write_excerpts(chosen: Collection[Recording], cache: Path, out: Path) -> int:
    """Write excerpts into a folder with a printed line each, and return how many were skipped."""
    out.mkdir(parents=True, exist_ok=True)
    skipped = 0
    unavailable: dict[str, str] = {}
    for recording in chosen:
        name = output_name(recording)
        try:
            if recording.package in unavailable:
                raise RecordingUnavailable(unavailable[recording.package])
            shutil.copyfile(excerpt(recording, cache), out / name)
            print(f"{name}\t{recording.genre}\t{recording.clip_id or '-'}")
        except (RecordingUnavailable, RecordingUnreadable) as error:
            if isinstance(error, RecordingUnavailable):
                unavailable[recording.package] = str(error)
            skipped += 1
            print(f"{name}\tskipped: {error}", file=sys.stderr)
    return skipped


def main() -> int:
    """Run from the command line; the exit status is 1 when a recording was skipped."""
    parser = argparse.ArgumentParser(description="Write mp3s of recordings in Debian packages.")
    parser.add_argument(
        "--packages",
        default=",".join(DEFAULT_PACKAGES),
        help="names with commas between, or `all` (about 1 GB); default: %(default)s",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the mp3s")
    arguments = parser.parse_args()
    every = sorted({recording.package for recording in table()})
    packages = every if arguments.packages == "all" else arguments.packages.split(",")
    cache = Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE)
    try:
        chosen = recordings(packages)
    except ValueError as error:
        parser.error(str(error))
    return 1 if write_excerpts(chosen, cache, arguments.out) else 0


if __name__ == "__main__":
    sys.exit(main())
