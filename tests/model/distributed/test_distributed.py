"""Runs on many machines, as far as one process can show them."""

import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from model import clips, systems
from model.cli import main
from model.clips import Clip
from model.decoding.pool import File
from model.distributed import __main__ as distributed
from model.distributed import run_folder, sources
from model.distributed.blocks import BlockClassifier, Job
from model.distributed.fetching import Fetched
from model.distributed.run_folder import RunFolder
from model.distributed.storage import Folder
from model.errors import GenreError, UsageError
from model.options import Options
from model.run import identity
from model.run.journal import decode_record
from model.systems import cards
from tests.conftest import CLIPS
from tests.support import cheap_system as cheap
from tests.support.object_store import serving

pytest.importorskip("pyarrow")


@pytest.fixture(autouse=True)
def cheap_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system without TensorFlow is the default one."""
    (tmp_path / "weights").mkdir()
    cheap.write_card(tmp_path / "weights")
    monkeypatch.setattr(systems, "WEIGHTS_FOLDER", tmp_path / "weights")
    monkeypatch.setattr(systems, "DEFAULT", cheap.NAME)
    monkeypatch.setitem(sys.modules, f"model.systems.ours.{cheap.NAME}", cheap)
    yield
    logging.getLogger("model").handlers.clear()


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Some clips, one of which is no audio, and one whose id another has, too."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("blues-shuffle", "folk-waltz", "jazz-trio"):
        shutil.copy(CLIPS / f"{name}.mp3", folder)
    shutil.copy(CLIPS / "rock-band.mp3", folder / "jazz-trio.MP3")
    (folder / "text, no sound.mp3").write_text("these are words")
    return folder


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket."""
    bucket = f"tests-{uuid4().hex}"
    with serving(bucket) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield f"s3://{bucket}"


def options() -> Options:
    parsed, _ = distributed.parse(["music", "-o", "folder", "--ray", "local"])
    return parsed


def finish(
    source: str, folder: str, block: int, decoder: str = "model.decoding.worker"
) -> RunFolder:
    """Classify all unfinished blocks, as the cluster would."""
    found = sources.find([source])
    card = cards.read(cheap.NAME, systems.WEIGHTS_FOLDER)
    fingerprint = json.loads(json.dumps(identity.fingerprint(card, options())))
    blocks = run_folder.split_into_blocks(found.clips, block)
    description = run_folder.describe_run(blocks, fingerprint, block)
    finished = RunFolder(Folder(folder), blocks, description)
    finished.open(resume=True)
    classify = BlockClassifier(Job(options(), folder, fingerprint, 1, decoder))
    for unfinished in finished.unfinished():
        classify(unfinished)
    return finished


def command(*arguments: object) -> int:
    return distributed.main([*map(str, arguments), "--ray", "local", "--cpus", "1"])


def test_whole_songs_are_refused_with_the_way_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("music", "-o", "folder", "--whole") == 2
    assert "use predict.py --whole" in capsys.readouterr().err


@pytest.mark.parametrize("prior", ["fma", "uniform"])
def test_the_table_and_its_errors_have_the_bytes_of_a_local_run(
    music: Path, tmp_path: Path, prior: str
) -> None:
    finish(str(music), str(tmp_path / "out"), 2)
    assert command(music, "-o", tmp_path / "out", "--block", 2, "--prior", prior) == 0
    local = tmp_path / "submission.csv"
    assert main.main([str(music), "-o", str(local), "--prior", prior, "-q", "--device", "cpu"]) == 0
    for name in ("submission.csv", "submission.errors.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_block_is_a_file_of_journal_records(music: Path, tmp_path: Path) -> None:
    finished = finish(str(music), str(tmp_path / "out"), 3)
    files = sorted((tmp_path / "out" / "blocks").iterdir())
    assert [path.name for path in files] == ["00000000.jsonl", "00000001.jsonl"]
    lines = [line for path in files for line in path.read_bytes().splitlines(keepends=True)]
    records = [decode_record(line) or {} for line in lines]
    clip_paths = [clip.path for block in finished.blocks for clip in block.clips]
    assert [record["path"] for record in records] == clip_paths
    unpredicted = [record for record in records if record["posterior"] is None]
    assert [Path(record["path"]).name for record in unpredicted] == ["text, no sound.mp3"]
    assert [record["notices"][0][0] for record in unpredicted] == ["undecodable"]
    assert all(sum(r["posterior"]) == pytest.approx(1) for r in records if r["posterior"])


def test_a_crash_of_the_decoder_costs_one_clip(music: Path, tmp_path: Path) -> None:
    (music / "folk-waltz.mp3").rename(music / "segfault.mp3")
    finish(str(music), str(tmp_path / "out"), 10, "tests.support.broken_decoder")
    assert command(music, "-o", tmp_path / "out", "--block", 10) == 0
    lines = (tmp_path / "out" / "submission.errors.jsonl").read_text().splitlines()
    reasons = {line["file_id"]: line["reason"] for line in map(json.loads, lines)}
    assert reasons["segfault"] == "crash"
    assert "blues-shuffle" not in reasons


def test_another_run_is_refused_until_the_old_one_may_go(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = finish(str(music), str(tmp_path / "out"), 5)
    assert not finished.unfinished()
    assert command(music, "-o", tmp_path / "out", "--block", 3) == 1
    assert "another run, with other block;" in capsys.readouterr().err
    (music / "folk-waltz.mp3").unlink()
    assert command(music, "-o", tmp_path / "out", "--block", 5) == 1
    assert "other clips, ids, paths;" in capsys.readouterr().err
    assert not finished.unfinished()
    finished.open(resume=False)
    assert finished.unfinished() == finished.blocks
    assert not (tmp_path / "out" / "blocks").exists()


@pytest.mark.parametrize("more", [[], ["--no-resume"]])
def test_what_no_run_wrote_is_not_deleted(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    mine = tmp_path / "out" / "blocks" / "mine.jsonl"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert command(music, "-o", tmp_path / "out", *more) == 1
    assert "has files in blocks" in capsys.readouterr().err
    for text in ("no json", '{"of": "another program"}'):
        (tmp_path / "out" / "run.json").write_text(text)
        assert command(music, "-o", tmp_path / "out", *more) == 1
        assert "run.json: damaged, or not of a run" in capsys.readouterr().err
    assert mine.read_text() == "mine"


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new, 1)


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "other content": lambda content: b"damaged",
    "other value": lambda content: replaced(content, b"posterior", b"Posterior"),
    "incomplete": lambda content: content[:-1],
    "record missing": lambda content: content[: content.index(b"\n") + 1],
    "record twice": lambda content: content + content[content.index(b"\n") + 1 :],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_block_is_classified_again(music: Path, tmp_path: Path, damage: str) -> None:
    finished = finish(str(music), str(tmp_path / "out"), 2)
    path = tmp_path / "out" / "blocks" / "00000000.jsonl"
    original = path.read_bytes()
    path.unlink()
    damaged = DAMAGES[damage](original)
    if damaged is not None:
        path.write_bytes(damaged)
    assert [block.number for block in finished.unfinished()] == [0]
    with pytest.raises(GenreError, match=r"blocks/00000000\.jsonl: missing or damaged"):
        list(finished.predictions())
    finish(str(music), str(tmp_path / "out"), 2)
    assert path.read_bytes() == original
    assert not finished.unfinished()


def test_a_block_that_is_damaged_at_the_end_of_a_run_leaves_no_table(
    music: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish(str(music), str(tmp_path / "out"), 2)
    (tmp_path / "out" / "blocks" / "00000001.jsonl").write_bytes(b"damaged")
    monkeypatch.setattr(RunFolder, "unfinished", lambda self: [])
    assert command(music, "-o", tmp_path / "out", "--block", 2) == 1
    message = capsys.readouterr().err
    assert "blocks/00000001.jsonl" in message
    assert "run the same command again" in message
    assert not (tmp_path / "out" / "submission.csv").exists()


def test_a_machine_with_other_versions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenreError, match="differs from this one in"):
        BlockClassifier(Job(options(), str(tmp_path), {"program": "0"}, 1))


def test_names_of_any_bytes_come_through(tmp_path: Path) -> None:
    path = f"{tmp_path}/\udcffodd.mp3"
    (block,) = run_folder.split_into_blocks([Clip("odd", path)], 5)
    assert block.unpacked(block.packed()) == block
    assert block.packed().isascii()


def test_an_unwritable_folder_is_told(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert command(music, "-o", tmp_path / "file" / "out") == 1
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "Traceback" not in said


def test_no_clips_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(tmp_path, "-o", tmp_path / "out") == 2
    assert "no .mp3 file" in capsys.readouterr().err


def test_a_missing_ray_is_told(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert command(music, "-o", tmp_path / "out") == 1
    assert "requirements/distributed.lock" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "said"),
    [("127.0.0.1:1", "nothing responds"), ("ray://127.0.0.1:1", "not an address"), ("x", "give")],
)
def test_an_address_without_a_cluster_is_told(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, said: str
) -> None:
    pytest.importorskip("ray", reason="no Ray: install requirements/distributed.in")
    assert distributed.main([str(music), "-o", str(tmp_path / "out"), "--ray", address]) == 1
    assert said in capsys.readouterr().err


def test_clips_and_results_may_be_in_a_store(
    store: str, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in music.iterdir():
        Folder(store).upload(str(path), f"music/{path.name}")
    finish(f"{store}/music", f"{store}/out", 2)
    assert command(f"{store}/music", "-o", f"{store}/out", "--block", 2) == 0
    assert f"details in {store}/out/submission.errors.jsonl\n" in capsys.readouterr().err
    local = tmp_path / "submission.csv"
    assert main.main([str(music), "-o", str(local), "-q", "--device", "cpu"]) == 0
    assert Folder(f"{store}/out").read("submission.csv") == local.read_bytes()
    assert b"s3://" in (Folder(f"{store}/out").read("submission.errors.jsonl") or b"")


def test_a_list_may_name_files_of_a_store_and_here(store: str, music: Path, tmp_path: Path) -> None:
    here = music / "jazz-trio.mp3"
    Folder(store).upload(str(here), "a folder/100% jazz.mp3")
    listed = tmp_path / "list.txt"
    listed.write_text(f"{store}/a folder/100% jazz.mp3\n{store}/gone.mp3\n{here}\n")
    found = sources.find([f"@{listed}"])
    assert [clip.file_id for clip in found.clips] == ["100% jazz", "gone", "jazz-trio"]
    finished = finish(f"@{listed}", str(tmp_path / "out"), 10)
    assert command(f"@{listed}", "-o", tmp_path / "out", "--block", 10) == 0
    rows = (tmp_path / "out" / "submission.csv").read_text().splitlines()
    assert rows[1].partition(",")[2] == rows[3].partition(",")[2]
    errors = json.loads((tmp_path / "out" / "submission.errors.jsonl").read_text())
    assert (errors["file_id"], errors["reason"]) == ("gone", "missing")
    assert len(finished.blocks) == 1


def test_a_list_has_the_clips_of_a_local_run(music: Path, tmp_path: Path) -> None:
    """A missing file has a row, and neither a folder nor another list is opened."""
    listed = tmp_path / "list.txt"
    lines = (music / "jazz-trio.mp3", music / "gone.mp3", music, "@other.txt", "a\u2028b.mp3")
    listed.write_text("\n".join(map(str, lines)))
    found = sources.find([f"@{listed}"])
    assert found == clips.find([f"@{listed}"])
    assert len(found.clips) == len(lines)
    listed.write_text("\n")
    with pytest.raises(UsageError, match="no clip"):
        sources.find([f"@{listed}"])


def test_subfolders_of_a_store_are_for_those_who_ask(store: str) -> None:
    Folder(store).write("top.mp3", b"")
    Folder(store).write("below/clip.mp3", b"")
    Folder(store).write("below/clip.wav", b"")
    assert [clip.file_id for clip in sources.find([store]).clips] == ["top"]
    clips = sources.find([store], recursive=True, any_audio=True).clips
    assert [clip.file_id for clip in clips] == ["below/clip", "below/clip.wav", "top"]
    with pytest.raises(UsageError, match="nothing-here"):
        sources.find([f"{store}/nothing-here"])


def copied(path: File) -> str:
    assert callable(path)
    return path()


def test_copies_are_few_and_do_not_stay(store: str, tmp_path: Path) -> None:
    clips = [Clip(str(number), f"{store}/{number}.mp3") for number in range(40)]
    for clip in clips:
        Folder(store).write(f"{clip.file_id}.mp3", b"content")
    fetched = Fetched(clips, tmp_path / "copies")
    (tmp_path / "copies").mkdir()
    most = 0
    with fetched:
        for index, path in enumerate(fetched):
            assert Path(copied(path)).read_bytes() == b"content"
            most = max(most, len(list((tmp_path / "copies").iterdir())))
            fetched.release(index)
    assert most == 1
    assert not list((tmp_path / "copies").iterdir())


def test_a_store_that_is_gone_is_a_failure_and_no_missing_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("AWS Error NETWORK_CONNECTION: could not connect")

    monkeypatch.setattr("model.distributed.fetching._copy", refused)
    monkeypatch.setattr("model.distributed.fetching._PAUSE_SECONDS", 0.0)
    fetched = Fetched([Clip("a", "s3://tests/a.mp3")], tmp_path)
    with pytest.raises(GenreError, match=r"s3://tests/a\.mp3: cannot be fetched"):
        list(map(copied, fetched))
    assert not fetched.refused


def test_a_clip_that_may_not_be_read_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("AWS Error ACCESS_DENIED during GetObject operation")

    monkeypatch.setattr("model.distributed.fetching._copy", refused)
    fetched = Fetched([Clip("a", "s3://tests/a.mp3")], tmp_path)
    assert [Path(copied(path)).exists() for path in fetched] == [False]
    assert fetched.refused[0].reason == "permission"


def test_a_name_that_no_store_allows_costs_only_itself(store: str, tmp_path: Path) -> None:
    Folder(store).write("good.mp3", (CLIPS / "jazz-trio.mp3").read_bytes())
    listed = tmp_path / "list.txt"
    names = (b"a//b.mp3", b"caf\xe9.mp3", b"good.mp3")
    listed.write_bytes(b"\n".join(store.encode() + b"/" + name for name in names))
    finish(f"@{listed}", str(tmp_path / "out"), 10)
    assert command(f"@{listed}", "-o", tmp_path / "out", "--block", 10) == 0
    lines = (tmp_path / "out" / "submission.errors.jsonl").read_text().splitlines()
    reasons = {line["file_id"]: line["reason"] for line in map(json.loads, lines)}
    assert reasons == {"b": "unreadable", "caf\\xe9": "unreadable"}
    with pytest.raises(UsageError, match="cannot be read"):
        sources.find([f"{store}/a//b"])


def test_a_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(str(tmp_path / "out"))
    folder.write("a/b.txt", b"old")
    (tmp_path / "out" / "a" / "folder.txt").mkdir()
    with pytest.raises(GenreError, match=r"folder\.txt: cannot be written"):
        folder.write("a/folder.txt", b"new")
    assert folder.read("a/b.txt") == b"old"
    assert folder.read("a/c.txt") is None
