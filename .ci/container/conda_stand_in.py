#!/usr/bin/python3
"""A stand-in for mamba where conda-forge cannot be reached. It is not conda: it solves nothing.

repo2docker calls mamba in a handful of ways, and this file answers those and no others:

- ``create`` makes the environment from Debian's Python, which must be of the version that
  repo2docker's own lock file pins; the rest of that lock (Jupyter, node) is left out, and counted.
- ``env update`` installs the ``pip:`` section of an environment.yml for real. On a machine without
  a GPU the CUDA libraries are left out and tensorflow becomes tensorflow-cpu of the same version.
  Any conda package but Python's own is an error, so that nothing is skipped in silence.

Where the build brings a lock (``LOCK``), it must have all the pins, which are then installed with
its hashes. Runs under Debian's python3 with python3-yaml during the build.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOCK = Path("/usr/local/lib/conda-stand-in/dev.lock")
PYTHONS_OWN = frozenset({"pip", "setuptools", "wheel"})

# repo2docker evaluates these words unquoted: one line, and nothing that a shell would take for the
# pattern of file names.
HOOK = (
    '_stand_in() { if test "$2" = activate; then for p do :; done; if test -d "$p"; then '
    'PATH="$p/bin:$PATH"; CONDA_PREFIX="$p"; CONDA_DEFAULT_ENV="$p"; '
    "export PATH CONDA_PREFIX CONDA_DEFAULT_ENV; fi; "
    'else command "$@"; fi; }; '
    'mamba() { _stand_in mamba "$@"; }; micromamba() { _stand_in micromamba "$@"; };'
)


class StandInError(Exception):
    """Something real mamba might do and this one cannot; the message says what."""


@dataclass(frozen=True)
class Wanted:
    """What an environment.yml asks for.

    Attributes:
        python: version of Python as written (``3.11``), or None.
        pip: lines of the pip section.
    """

    python: str | None
    pip: tuple[str, ...]


@dataclass(frozen=True)
class Swap:
    """The pip lines of a machine without a GPU, and what became of the others.

    Attributes:
        lines: what is installed.
        dropped: lines left out.
        replaced: pairs of a line and the line that stands for it.
    """

    lines: tuple[str, ...]
    dropped: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...]


def wanted(environment: Mapping[str, object]) -> Wanted:
    """Read a parsed environment.yml.

    Raises:
        StandInError: it asks for a conda package besides Python, pip, setuptools and wheel.
    """
    dependencies = environment.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise StandInError("'dependencies' is no list")
    python: str | None = None
    lines: list[str] = []
    for dependency in dependencies:
        if isinstance(dependency, dict):
            if set(dependency) != {"pip"}:
                raise StandInError(f"only a pip section is known, not {sorted(dependency)}")
            lines += dependency["pip"] or []
            continue
        match = re.match(r"(?:[\w./-]+::)?([\w.-]+)\s*(.*)", str(dependency).strip())
        name, version = (match[1].lower(), match[2]) if match else ("", "")
        if name == "python":
            python = version.strip("= ").removesuffix(".*") or None
        elif name not in PYTHONS_OWN or version:
            raise StandInError(
                f"the conda package {dependency!r} cannot be had without conda-forge"
            )
    return Wanted(python, tuple(lines))


def without_gpu(lines: Iterable[str]) -> Swap:
    """Drop the CUDA libraries and swap TensorFlow for its CPU build of the same version."""
    kept: list[str] = []
    dropped: list[str] = []
    replaced: list[tuple[str, str]] = []
    for line in lines:
        if line.lower().startswith("nvidia-"):
            dropped.append(line)
        elif match := re.match(r"tensorflow(?:\[and-cuda\])?(?=\s*[=<>~!]|$)", line):
            kept.append("tensorflow-cpu" + line[match.end() :])
            replaced.append((line, kept[-1]))
        else:
            kept.append(line)
    return Swap(tuple(kept), tuple(dropped), tuple(replaced))


def with_hashes(lines: Iterable[str], lock: str) -> str:
    """The entries of a lock, with their hashes, for pins.

    Raises:
        StandInError: the lock has not all of the pins.
    """
    entries = re.split(r"(?m)^(?=[A-Za-z0-9][\w.-]*==)", lock)[1:]
    locked = {re.split(r"[\s;\\]", entry, maxsplit=1)[0]: entry for entry in entries}
    wanted = sorted(set(lines))
    if missing := [line for line in wanted if line not in locked]:
        raise StandInError(
            "environment.yml without its GPU packages has pins that requirements/dev.lock has not: "
            f"{', '.join(missing)}; run 'make lock'"
        )
    return "".join(locked[line] for line in wanted)


def python_of(explicit_lock: str) -> str:
    """Return the minor version of Python (``3.11``) in repo2docker's list of conda packages.

    Raises:
        StandInError: there is none.
    """
    match = re.search(r"/python-(\d+\.\d+)\.\d+-", explicit_lock)
    if match is None:
        raise StandInError("repo2docker's lock file names no Python")
    return match[1]


def say(text: str) -> None:
    """Tell the log of the build."""
    print(f"conda stand-in: {text}", file=sys.stderr, flush=True)


def install_itself(root: Path) -> None:
    """Put this program where repo2docker calls ``mamba`` and ``conda``."""
    (root / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("mamba", "conda"):
        shutil.copyfile(__file__, root / "bin" / name)
        (root / "bin" / name).chmod(0o755)
    profile = root / "etc" / "profile.d" / "conda.sh"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text("# the shell hook of mamba activates the environment\n")


def create(prefix: Path, lock: Path) -> None:
    """Make the environment from Debian's Python.

    Raises:
        StandInError: Debian has no Python of the version that the lock pins.
    """
    text = lock.read_text()
    version = python_of(text)
    python = Path(f"/usr/bin/python{version}")
    if not python.exists():
        raise StandInError(f"repo2docker wants Python {version}, which this base image has not")
    subprocess.run([python, "-m", "venv", prefix], check=True)
    (prefix / "conda-meta").mkdir(exist_ok=True)
    npm = prefix / "bin" / "npm"  # the last line of repo2docker's script configures it
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    left_out = len(re.findall(r"(?m)^https?://", text)) - 1
    say(f"an environment of Debian's Python {version}; {left_out} conda packages are left out")


def update(prefix: Path, path: Path) -> None:
    """Install the pip section of an environment.yml into the environment.

    Raises:
        StandInError: see `wanted` and `with_hashes`; or the Python asked for is another one.
    """
    import yaml

    asked = wanted(yaml.safe_load(path.read_text()) or {})
    have = sorted(found.name for found in (prefix / "lib").glob("python3.*"))
    if asked.python and [f"python{asked.python}"] != have:
        raise StandInError(f"{path} wants Python {asked.python}, the environment has {have}")
    swap = without_gpu(asked.pip)
    for line in swap.dropped:
        say(f"no GPU here, so without {line}")
    for line, other in swap.replaced:
        say(f"no GPU here, so {other} in place of {line}")
    if not swap.lines:
        return
    lines, options = "\n".join(swap.lines) + "\n", ["-U"]
    if LOCK.exists():
        lines, options = with_hashes(swap.lines, LOCK.read_text()), ["--require-hashes"]
    say(f"installing {len(swap.lines)} lines of the pip section, {options[0]}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(lines)
        requirements.flush()
        _pip_install(prefix, path.resolve().parent, [*options, "-r", requirements.name])


def _pip_install(prefix: Path, folder: Path, arguments: Sequence[str]) -> None:
    quiet = ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off"]
    command = [str(prefix / "bin" / "python"), "-m", "pip", "install", *quiet, *arguments]
    subprocess.run(command, check=True, cwd=folder)


def _option(arguments: Sequence[str], name: str) -> Path:
    try:
        return Path(arguments[arguments.index(name) + 1])
    except (ValueError, IndexError):
        raise StandInError(f"{name} is missing in: mamba {' '.join(arguments)}") from None


def main(arguments: Sequence[str]) -> None:
    """Answer one call of mamba.

    Raises:
        StandInError: the call is none that repo2docker is known to make.
    """
    match list(arguments):
        case ["shell", "hook", *_]:
            print(HOOK)
        case ["install", *_] if "-p" not in arguments:
            install_itself(Path(os.environ["CONDA_DIR"]))
        case ["create", *_]:
            create(_option(arguments, "-p"), _option(arguments, "--file"))
        case ["env", "update", *_]:
            update(_option(arguments, "-p"), _option(arguments, "--file"))
        case ["list", *_]:
            python = _option(arguments, "-p") / "bin" / "python"
            subprocess.run([python, "-m", "pip", "list", "--disable-pip-version-check"], check=True)
        case ["clean", *_] | ["activate", *_]:
            pass
        case _:
            raise StandInError(f"a call unknown to it: mamba {' '.join(arguments)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StandInError as error:
        say(f"ERROR: {error}")
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
