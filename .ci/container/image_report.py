"""Where an image's size and its build's time go, as a block of docs/container.md.

    python image_report.py [--write] HISTORY BUILD_LOG CONTEXT_FILES DOCUMENT

HISTORY has a line ``BYTES<tab>COMMAND`` for each layer, newest first; BUILD_LOG is buildx's plain
log; CONTEXT_FILES lists the repository's files in the image, ``BYTES PATH``. Prints the block. With
``--write`` it replaces the one in the document; without, it exits with 1 when a figure in the
document is off by more than ``DRIFT``: size of the image, number or size of the repository's files.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DRIFT = 0.1
"""Share by which a documented figure may differ before somebody has to measure again."""

BEGIN = "<!-- measured: begin; written by .ci/container/run --write-docs -->"
END = "<!-- measured: end -->"

KINDS: dict[str, str] = {
    r"/etc/locale|install --yes --no-install-recommends locales": "locale",
    r"groupadd|useradd|usermod": "user",
    r"conda env update|\$\{MAMBA_EXE\} env update": "environment.yml",
    r"install-base-env|activate-conda|conda-stand-in|/usr/local/bin/wget": "Python",
    r"COPY .*src/ (?:\$\{REPO_DIR\}|/home[\w/]*)/": "code and weights",
    r"\./postBuild": "postBuild",
    r"apt-get install --yes": "apt.txt",
    r"apt-get -qq install": "tools of repo2docker",
}
"""What a command of the Dockerfile is for, by the first pattern found in it."""

MEANING: dict[str, str] = {
    "base": "base image (Debian 12 here; repo2docker's default is larger)",
    "locale": "locales",
    "user": "the user",
    "tools of repo2docker": "packages that repo2docker adds",
    "Python": "the empty environment (Debian's Python here; conda's with Jupyter is larger)",
    "apt.txt": "apt.txt",
    "environment.yml": "the pins of environment.yml, CPU build of TensorFlow",
    "code and weights": "this repository: code, systems, weights",
    "postBuild": "postBuild: a prediction as a test",
    "other": "the rest: folders, permissions, entrypoint",
}
"""Kinds of layers in the order of the build."""


@dataclass(frozen=True)
class Layers:
    """Bytes and seconds of each kind of layer."""

    size: dict[str, int]
    seconds: dict[str, float]


def kind(command: str) -> str:
    """Return what a command of the Dockerfile is for."""
    return next((name for pattern, name in KINDS.items() if re.search(pattern, command)), "other")


def sizes(history: str) -> dict[str, int]:
    """Add up the layers of an image by their kind; the oldest is the base."""
    found = dict.fromkeys(MEANING, 0)
    *layers, base = [line.partition("\t") for line in history.splitlines()]
    for size, _, command in layers:
        found[kind(command)] += int(size)
    found["base"] += int(base[0])
    return found


def seconds(log: str) -> dict[str, float]:
    """Add up the seconds of a build's steps by their kind.

    A step is told as ``#7 [ 3/20] RUN ...`` and ended by ``#7 DONE 1.5s`` or ``#7 CACHED``.
    """
    commands = dict(re.findall(r"(?m)^#(\d+) \[[^\]]*\d+/\d+\] (.*)$", log))
    found = dict.fromkeys(MEANING, 0.0)
    for number, duration in re.findall(r"(?m)^#(\d+) DONE ([\d.]+)s$", log):
        if number in commands:
            found[kind(commands[number])] += float(duration)
    return found


def table(layers: Layers, files: Iterable[str]) -> Iterator[str]:
    """Return the lines of the block between the markers."""
    repository = [int(line.split(" ", 1)[0]) for line in files]
    yield f"Image: {megabytes(sum(layers.size.values()))} MB on disk."
    yield ""
    yield f"Of this repository: {len(repository)} files, {megabytes(sum(repository))} MB."
    yield ""
    yield "| Layers, in the order of the build | MB | Seconds |"
    yield "| --- | ---: | ---: |"
    for name, meaning in MEANING.items():
        if layers.size[name] or layers.seconds[name] >= 1:
            yield f"| {meaning} | {megabytes(layers.size[name])} | {layers.seconds[name]:.0f} |"


def megabytes(size: int) -> str:
    """Return a size in millions of bytes, with a decimal when it is small."""
    return f"{size / 1e6:,.0f}" if size >= 10e6 or not size else f"{size / 1e6:.1f}"


def replaced(document: str, block: str) -> str:
    """Return a document with another block between the markers.

    Raises:
        ValueError: the document lacks the markers.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def figures(block: str) -> list[float]:
    """Return the image's size, and number and size of the repository's files, as far as told."""
    found = re.findall(r"Image: ([\d,.]+) MB|repository: ([\d,]+) files, ([\d,.]+) MB", block)
    return [float(number.replace(",", "")) for numbers in found for number in numbers if number]


def main(arguments: list[str]) -> int:
    """Print or write the block and return the exit code."""
    write = "--write" in arguments
    history, log, files, place = (Path(name) for name in arguments if name != "--write")
    layers = Layers(sizes(history.read_text()), seconds(log.read_text("utf-8", "replace")))
    block = "\n".join(table(layers, files.read_text().splitlines()))
    print(block)
    document = place.read_text("utf-8")
    if write:
        place.write_text(replaced(document, block), "utf-8")
        return 0
    measured, told = figures(block), figures(document)
    if len(told) != len(measured) or any(
        abs(one - other) > DRIFT * other for one, other in zip(measured, told, strict=True)
    ):
        print(f"{place} tells {told}, measured are {measured}: run .ci/container/run --write-docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
