"""From a path or a git address to folders that can be built, one for each ref."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from grader.errors import GraderError
from grader.files import temporary_folder

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
"""What Docker allows."""


@dataclass(frozen=True)
class Source:
    """A folder to build.

    Attributes:
        name: name of the repository.
        ref: tag, branch or commit; empty for a folder as it lies.
        folder: folder of the repository.
    """

    name: str
    ref: str
    folder: Path

    @property
    def image(self) -> str:
        """Name for its image."""
        return f"grader/{_slug(self.name)}:{self.tag}"

    @property
    def tag(self) -> str:
        """The ref as a tag of images and a name of folders; different refs have different ones."""
        if not self.ref or _TAG.fullmatch(self.ref):
            return self.ref or "as-it-lies"
        digest = hashlib.sha256(os.fsencode(self.ref)).hexdigest()
        return f"{_slug(self.ref)[:100]}-{digest[:8]}"


@contextmanager
def sources(repository: str, refs: Sequence[str], newest: int) -> Iterator[list[Source]]:
    """Folders to build, newest ref first, as the challenge took tags.

    A path without refs is taken as it lies; everything else is cloned, so that no stray file of a
    work tree gets in.

    Args:
        repository: path or git address.
        refs: tags, branches or commits.
        newest: how many of the latest tags to take beside ``refs``.

    Raises:
        GraderError: git cannot clone it, or there is no such ref or no tag.
    """
    name = re.sub(r"\.git$", "", repository.rstrip("/")).rsplit("/", 1)[-1] or "submission"
    if not _ADDRESS.match(repository):
        path = Path(repository).expanduser().resolve()
        if not path.is_dir():
            raise GraderError(f"{repository}: no such folder, and no git address")
        name, repository = path.name, str(path)
        if not refs and not newest:
            yield [Source(name, "", path)]
            return
    with temporary_folder("grader-clone") as scratch:
        clone = scratch / "all"
        _git("clone", "--quiet", "--", repository, str(clone))
        wanted = _ordered(clone, refs, newest)
        if newest and not wanted:
            raise GraderError(f"{repository}: no tag in it; the challenge graded tags only")
        if not wanted:
            yield [Source(name, "", _checkout(clone, scratch / "head", "HEAD"))]
            return
        yield [
            Source(name, ref, _checkout(clone, scratch / f"ref{number}", ref))
            for number, ref in enumerate(wanted)
        ]


def _ordered(clone: Path, refs: Sequence[str], newest: int) -> list[str]:
    """Refs and the latest tags without repetition, the latest first; equal times keep order."""
    times = _tags(clone)
    commits = (tag for tag in times if _is_commit(clone, f"refs/tags/{tag}"))
    wanted = dict.fromkeys([*refs, *islice(commits, newest)])
    return sorted(wanted, key=lambda ref: -(times.get(ref) or _committed(clone, ref)))


def _tags(clone: Path) -> dict[str, int]:
    """When each tag was made in seconds since 1970, the latest first; 0 where it has no time."""
    lines = _git("for-each-ref", "--sort=-creatordate",
                 "--format=%(refname:lstrip=2) %(creatordate:unix)", "refs/tags",
                 folder=clone).split("\n")  # fmt: skip
    return {tag: int(time or 0) for tag, _, time in (line.partition(" ") for line in lines if line)}


def _committed(clone: Path, ref: str) -> int:
    """When the commit of a ref was made; seconds since 1970."""
    return int(_git("log", "-1", "--format=%ct", _commit(clone, ref), folder=clone))


def _is_commit(clone: Path, ref: str) -> bool:
    """Whether a ref leads to a commit; a tag may also name a file or a folder."""
    try:
        return bool(_commit(clone, ref))
    except GraderError:
        return False


def _commit(clone: Path, ref: str) -> str:
    for name in (ref, f"origin/{ref}"):
        try:
            return _git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
                folder=clone,
            ).strip()  # fmt: skip
        except GraderError:
            continue
    raise GraderError(f"{ref!r}: no such tag, branch or commit in the repository")


def _checkout(clone: Path, folder: Path, ref: str) -> Path:
    """A clean checkout of a ref, with its submodules."""
    commit = _commit(clone, ref)
    address = _git("remote", "get-url", "origin", folder=clone).strip()
    _git("clone", "--quiet", "--no-checkout", "--", str(clone), str(folder))
    _git("remote", "set-url", "origin", address, folder=folder)
    _git("checkout", "--quiet", "--detach", commit, folder=folder)
    if os.path.isfile(folder / ".gitmodules"):  # noqa: PTH113 - Path.is_file raises at some links
        _git("submodule", "--quiet", "update", "--init", "--recursive", folder=folder)
    return folder


def _git(*arguments: str, folder: Path | None = None) -> str:
    place = ["-C", str(folder)] if folder else []
    done = subprocess.run(
        ["git", *place, *arguments], capture_output=True, stdin=subprocess.DEVNULL,
        encoding="utf-8", errors="surrogateescape",
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise GraderError(f"git {arguments[0]}: {last}")
    return done.stdout


def _slug(text: str) -> str:
    """Letters, digits and hyphens only, as names of images allow."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
