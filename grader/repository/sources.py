"""From a path or a git address to folders that can be built, one for each ref."""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.errors import GraderError

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:")


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
        return f"grader/{_slug(self.name)}:{_slug(self.ref or 'as-it-lies')}"


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
    with tempfile.TemporaryDirectory(prefix="grader-clone-") as scratch:
        clone = Path(scratch, "all")
        _git("clone", "--quiet", "--", repository, str(clone))
        wanted = _ordered(clone, [*refs, *_tags(clone)[:newest]])
        if newest and not wanted:
            raise GraderError(f"{repository}: no tag in it; the challenge graded tags only")
        if not wanted:
            yield [Source(name, "", _checkout(clone, Path(scratch, "head"), "HEAD"))]
            return
        yield [
            Source(name, ref, _checkout(clone, Path(scratch, f"ref{number}"), ref))
            for number, ref in enumerate(wanted)
        ]


def _tags(clone: Path) -> list[str]:
    """Tags, the latest first."""
    listed = _git("for-each-ref", "--sort=-creatordate", "--format=%(refname:short)", "refs/tags",
                  folder=clone)  # fmt: skip
    return listed.split()


def _ordered(clone: Path, refs: Sequence[str]) -> list[str]:
    """Refs without repetition, the latest first; equal times keep their order."""
    times = {ref: _created(clone, ref) for ref in refs}
    return sorted(times, key=lambda ref: -times[ref])


def _created(clone: Path, ref: str) -> int:
    """When a tag was made, or else its commit; seconds since 1970."""
    tag = _git("for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{ref}", folder=clone)
    return int(tag or _git("log", "-1", "--format=%ct", _commit(clone, ref), folder=clone))


def _commit(clone: Path, ref: str) -> str:
    for name in (ref, f"origin/{ref}"):
        try:
            return _git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
                folder=clone,
            ).strip()  # fmt: skip
        except GraderError:
            continue
    raise GraderError(f"{ref}: no such tag, branch or commit in the repository")


def _checkout(clone: Path, folder: Path, ref: str) -> Path:
    """A clean checkout of a ref, with its submodules."""
    commit = _commit(clone, ref)
    address = _git("remote", "get-url", "origin", folder=clone).strip()
    _git("clone", "--quiet", "--no-checkout", "--", str(clone), str(folder))
    _git("remote", "set-url", "origin", address, folder=folder)
    _git("checkout", "--quiet", "--detach", commit, folder=folder)
    if (folder / ".gitmodules").is_file():
        _git("submodule", "--quiet", "update", "--init", "--recursive", folder=folder)
    return folder


def _git(*arguments: str, folder: Path | None = None) -> str:
    place = ["-C", str(folder)] if folder else []
    done = subprocess.run(
        ["git", *place, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise GraderError(f"git {arguments[0]}: {last}")
    return done.stdout


def _slug(text: str) -> str:
    """Letters, digits and hyphens only, as names of images allow."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
