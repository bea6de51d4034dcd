"""What is built: folders as they lie, and tags of a repository, newest first."""

import os
import re
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.repository.repo2docker import Builder
from grader.repository.sources import Source, sources
from tests.support.grader_cases import git
from tests.support.runs import wait_for_end


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Tags first, second and third; the alphabet and the order of commits do not tell their age."""
    folder = tmp_path / "team-a.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number, tag in enumerate(("zebra", "ape", "mole")):
        (folder / "run.sh").write_text(f"echo {tag}\n")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", tag, when=number)
        git(folder, "tag", tag, when=number)
    git(folder, "tag", "-a", "-m", "late", "cat", "zebra", when=9)
    (folder / "stray.txt").write_text("not committed")
    return folder


def found(repository: object, *refs: str, newest: int = 0) -> list[tuple[str, str]]:
    """Ref and content of each source."""
    with sources(str(repository), refs, newest) as listed:
        return [(source.ref, (source.folder / "run.sh").read_text()) for source in listed]


def test_a_folder_is_taken_as_it_lies(repository: Path) -> None:
    with sources(str(repository), [], 0) as listed:
        assert [(source.ref, source.folder) for source in listed] == [("", repository)]
        assert listed[0].image == "grader/team-a-git:as-it-lies"


def test_the_newest_tag_comes_first(repository: Path) -> None:
    assert found(repository, newest=2) == [("cat", "echo zebra\n"), ("mole", "echo mole\n")]
    assert found(repository, "zebra", "mole") == [
        ("mole", "echo mole\n"), ("zebra", "echo zebra\n")
    ]  # fmt: skip


def test_branches_and_commits_are_refs(repository: Path) -> None:
    assert found(repository, "main") == [("main", "echo mole\n")]
    with sources(str(repository), ["main~1"], 0) as listed:
        assert (listed[0].folder / "run.sh").read_text() == "echo ape\n"


def test_a_clone_holds_no_stray_file(repository: Path) -> None:
    with sources(f"file://{repository}", [], 0) as listed:
        assert listed[0].name == "team-a"
        assert sorted(path.name for path in listed[0].folder.iterdir()) == [".git", "run.sh"]
        folder = listed[0].folder
    assert not folder.exists()


@pytest.mark.parametrize(
    "ref", ["none", "--upload-pack=touch x", "-v", "*", "", "[a-z]*", "folder"]
)
def test_a_ref_that_is_not_there(repository: Path, ref: str) -> None:
    git(repository, "tag", "folder", "HEAD^{tree}")
    with pytest.raises(GraderError, match="no such tag"):
        found(repository, ref)


def test_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="no such folder"):
        found(tmp_path / "none")
    with pytest.raises(GraderError, match="git clone"):
        found(f"file://{tmp_path}/none")


def test_no_tags(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "start")
    with pytest.raises(GraderError, match="no tag"):
        found(tmp_path, newest=10)


def test_each_ref_has_a_folder_and_an_image_of_its_own() -> None:
    refs = ("", "v1.0", "v1-0", "V1.0", "team/v1", "team-v1", "..", "-", "x" * 200, "x" * 201)
    tags = [Source("a", ref, Path("/clone")).tag for ref in refs]
    assert len(set(tags)) == len(refs)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag) for tag in tags)


def test_repo2docker_is_called_as_the_challenge_did() -> None:
    source = Source("Team A", "v1.0", Path("/clone"))
    assert source.image == "grader/team-a:v1.0"
    command = Builder("r2d", ("--config", "c.py")).command(source, "x:1")
    assert command == [
        "r2d", "--no-run", "--debug", "--user-id", "1001", "--user-name", "crowdai",
        "--image-name", "x:1", "--config", "c.py", "/clone",
    ]  # fmt: skip


def test_tags_of_no_commit_are_passed_over(repository: Path) -> None:
    git(repository, "tag", "folder", "HEAD^{tree}")
    git(repository, "tag", "-a", "-m", "later", "file", "HEAD:run.sh", when=20)
    assert [ref for ref, _ in found(repository, newest=2)] == ["cat", "mole"]
    assert [ref for ref, _ in found(repository, newest=9)] == ["cat", "mole", "ape", "zebra"]


def test_a_tag_whose_name_is_no_text(repository: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    git(repository, "tag", name, when=20)
    assert (name, "echo mole\n") in found(repository, newest=9)


def test_an_endless_build_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.logs.LARGEST", 1000)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name, script in (("docker", "exit 1"), ("r2d", f"yes & echo $! >{tmp_path}/pid; wait")):
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "build.log"
    builder = Builder(str(tmp_path / "r2d"), hours=1 / 3600)
    build = builder.build(Source("team", "v1", tmp_path), log)
    assert build.fault.startswith("not finished")
    assert log.stat().st_size < 1100
    wait_for_end(int((tmp_path / "pid").read_text()))


def test_the_log_of_a_build_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    with pytest.raises(GraderError, match=r"build\.log: cannot be written"):
        Builder("r2d").build(Source("team", "v1", tmp_path), tmp_path / "none" / "build.log")
