"""Whole songs: in parts that cover them, with true times, whatever becomes of one of them."""

import shutil
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import model
from model import systems
from model.clips import Clip, Notice
from model.decoding import songs
from model.decoding.pool import Decoded, DecoderPool, Part
from model.probabilities.calibration import Calibration
from model.results import Prediction
from model.run.parts import PART_SECONDS, Cut, Queue, spans, window_seconds
from model.run.pipeline import predict
from model.systems import cards
from model.systems.base import Execution, System
from tests.conftest import CLIPS
from tests.support import encodings
from tests.support.cheap_system import CheapNetwork
from tests.support.runs import errors, finish

CARD = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
SYSTEM = System(CARD.front_end, CARD.window_frames, lambda _: CheapNetwork(4))
RATE = 22_050
STEP, TONES = 20, (300, 400, 500, 600, 700, 800, 900, 1000, 1100)
"""Seconds of each tone of ``steps``, and their frequencies in Hz."""


def steps() -> NDArray[np.float64]:
    """Three minutes, every 20 seconds another tone, with and without noise."""
    times = np.arange(STEP * RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, len(times))
    tones = [0.4 * np.sin(2 * np.pi * hertz * times) + noise * (hertz % 200 > 0) for hertz in TONES]
    return np.concatenate(tones)[:, None]


def variable_without_index() -> bytes:
    settings, muxing = {"flags": "+qscale", "global_quality": "472"}, {"write_xing": "0"}
    return encodings.ffmpeg(steps(), RATE, "libmp3lame", "mp3", 0, settings, muxing)


def with_soundfile(mode: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        soundfile.write(path, steps(), RATE, format="MP3", bitrate_mode=mode, compression_level=0.5)

    return write


FORMS: dict[str, Callable[[Path], object]] = {
    "constant.mp3": with_soundfile("CONSTANT"),
    "variable.mp3": with_soundfile("VARIABLE"),
    "without-index.mp3": lambda path: path.write_bytes(
        encodings.without_index(steps(), RATE, 64_000)
    ),
    "variable-without-index.mp3": lambda path: path.write_bytes(variable_without_index()),
    "a.flac": lambda path: soundfile.write(path, steps(), RATE),
    "a.m4a": lambda path: path.write_bytes(encodings.ffmpeg(steps(), RATE, "aac", "ipod", 64_000)),
}


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song of two minutes: ten sample clips, or a part of them, one after the other."""
    path = tmp_path_factory.mktemp("song") / "song.mp3"
    clips = [soundfile.read(clip, always_2d=True) for clip in sorted(CLIPS.glob("*.mp3"))]
    rate = clips[0][1]
    parts = [samples[:, :1] for samples, own in clips if own == rate]
    soundfile.write(path, np.resize(np.concatenate(parts), (130 * rate, 1)), rate, format="MP3")
    return path


def predictions(
    *paths: Path,
    whole: bool = True,
    system: System = SYSTEM,
    decoder: str = "model.decoding.worker",
) -> list[Prediction]:
    clips = [Clip(path.stem, str(path)) for path in paths]
    with DecoderPool(system.front_end, 2, decoder=decoder) as pool:
        return list(
            predict(
                clips, system, Calibration(), Execution(), pool, arrays=["windows"], whole=whole
            )
        )


def reasons(prediction: Prediction) -> list[str]:
    return [notice.reason for notice in prediction.notices]


def starts(prediction: Prediction) -> NDArray[np.float64]:
    return np.asarray(prediction.arrays["windows"][:, 0])


@given(st.floats(30.2, 90_000.0), st.sampled_from([9.977, 29.954, 30.0]))
def test_parts_cover_a_song_in_order_and_are_short(length: float, window: float) -> None:
    found = spans(length, window)
    assert all(seconds <= 1.1 * PART_SECONDS for _, seconds in found)
    if len(found) == 1 and found[0][1] == window:
        assert found[0][0] == pytest.approx((length - window) / 2)
        return
    ends = [start + seconds for start, seconds in found]
    assert found[0][0] == 0
    assert ends[-1] == pytest.approx(length)
    for (start, _), (following, _), end in zip(found, found[1:], ends, strict=False):
        assert start < following <= end + window / 2


@pytest.mark.parametrize("form", FORMS)
def test_a_part_is_where_it_says(tmp_path: Path, form: str) -> None:
    path = tmp_path / form
    FORMS[form](path)
    found = songs.measure(path)
    assert found.length == pytest.approx(STEP * len(TONES), abs=0.2)
    for number, (before, after) in enumerate(pairwise(TONES), 1):
        # The tone changes in the middle of the part.
        part = Part(str(path), STEP * number - 2.0, 4.0, found.decoder)
        samples = songs.load_part(part, RATE).samples
        assert len(samples) == pytest.approx(4 * RATE, abs=RATE // 100)
        times = np.arange(len(samples)) / RATE
        window = np.hanning(1001) / 500
        loud = [
            np.abs(np.convolve(samples * np.exp(-2j * np.pi * hertz * times), window, "same"))
            for hertz in (before, after)
        ]
        change = np.flatnonzero(loud[1][1000:-1000] > loud[0][1000:-1000])[0] + 1000
        assert change / RATE == pytest.approx(2.0, abs=0.08)


def test_windows_are_spread_over_the_song_and_the_row_is_their_mean(song: Path) -> None:
    whole, middle = predictions(song)[0], predictions(song, whole=False)[0]
    assert reasons(middle) == ["long"]
    assert reasons(whole) == []
    assert len(starts(whole)) == 13
    assert starts(whole)[0] == 0
    assert starts(whole)[-1] == pytest.approx(120, abs=0.1)
    np.testing.assert_allclose(np.diff(starts(whole)), 10, atol=0.1)
    # Without calibration, posteriors are the softmax of logits.
    means = np.exp(np.log(whole.arrays["windows"][:, 2:]).mean(axis=0))
    assert whole.posterior is not None
    np.testing.assert_allclose(whole.posterior, means / means.sum(), rtol=1e-5)
    # The middle of the file gives about the same answers either way.
    near = whole.arrays["windows"][5:8, 2:]
    np.testing.assert_allclose(middle.arrays["windows"][:, 2:], near, atol=0.02)


def test_a_short_clip_is_as_without_the_option(clips: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    soundfile.write(tmp_path / "moment.mp3", 0.1 * steps()[:4000], RATE, format="MP3")
    paths = [*clips[:2], tmp_path / "empty.mp3", tmp_path / "moment.mp3", tmp_path / "missing.mp3"]
    for whole, middle in zip(predictions(*paths), predictions(*paths, whole=False), strict=True):
        assert whole == middle
        for name, values in middle.arrays.items():
            np.testing.assert_array_equal(whole.arrays[name], values)


def test_a_song_of_one_long_window_gives_its_middle(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", steps()[: 40 * RATE], RATE)
    card = cards.read("agf", systems.WEIGHTS_FOLDER)
    system = System(card.front_end, card.window_frames, lambda _: CheapNetwork(4))
    (whole,) = predictions(tmp_path / "a.wav", system=system)
    (middle,) = predictions(tmp_path / "a.wav", system=system, whole=False)
    assert starts(whole) == pytest.approx((40 - window_seconds(system)) / 2)
    assert whole.posterior == pytest.approx(middle.posterior, abs=0.01)


def test_features_of_clips_are_computed_for_each_half_minute(song: Path) -> None:
    card = cards.read("svm", systems.WEIGHTS_FOLDER)
    (whole,) = predictions(song, system=System(card.front_end, 1, lambda _: CheapNetwork(4)))
    np.testing.assert_allclose(starts(whole), np.linspace(0, 100, 4), atol=0.1)


def test_damage_costs_what_it_covers(song: Path, tmp_path: Path) -> None:
    content = bytearray(song.read_bytes())
    first, last = len(content) * 4 // 10, len(content) * 6 // 10
    content[first:last] = bytes(last - first)
    (tmp_path / "damaged.mp3").write_bytes(content)
    whole, sound = predictions(tmp_path / "damaged.mp3", song)
    assert whole.posterior is not None
    assert "incomplete" in reasons(whole)
    # A fifth is lost; the first and the last seconds have the answers of the sound file.
    assert len(starts(whole)) == 10
    for ends in (slice(0, 4), slice(-1, None)):
        found, expected = (one.arrays["windows"][ends, 2:] for one in (whole, sound))
        np.testing.assert_allclose(found, expected, atol=0.03)


def test_a_file_that_was_cut_off_has_the_windows_that_are_there(song: Path, tmp_path: Path) -> None:
    content = song.read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: len(content) * 2 // 3])
    (whole,) = predictions(tmp_path / "cut.mp3")
    assert "incomplete" in reasons(whole)
    assert 60 < starts(whole)[-1] < 90


def test_two_mp3s_put_together_are_one_song(song: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.mp3").write_bytes(2 * song.read_bytes())
    (whole,) = predictions(tmp_path / "twice.mp3")
    assert reasons(whole) == ["second_decoder"]
    assert starts(whole)[-1] == pytest.approx(250, abs=0.5)


def test_silence_within_a_song_is_no_problem(tmp_path: Path) -> None:
    samples = steps()
    samples[55 * RATE :] = 0
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    soundfile.write(tmp_path / "b.wav", np.zeros_like(samples), RATE)
    some, nothing = predictions(tmp_path / "a.wav", tmp_path / "b.wav")
    assert reasons(some) == []
    assert starts(some)[-1] < 60
    assert nothing.posterior is None
    assert reasons(nothing) == ["silent"]


def test_a_crash_costs_one_part_and_no_other_song(song: Path, tmp_path: Path) -> None:
    names = ("crash-second", "fine")
    paths = [tmp_path / f"{name}.mp3" for name in names]
    for path in paths:
        shutil.copy(song, path)
    crashed, fine = predictions(*paths, decoder="tests.support.broken_part")
    assert reasons(fine) == []
    assert reasons(crashed) == ["incomplete"]
    assert "1 of 3 parts" in crashed.notices[0].detail
    assert "SIGABRT" in crashed.notices[0].detail
    kept = [start for start in starts(fine) if not 55 < start < 115]
    np.testing.assert_array_equal(starts(crashed), kept)


def test_a_song_that_a_stop_interrupts_has_no_prediction(song: Path) -> None:
    stop = Event()

    class Stopping(CheapNetwork):
        def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
            stop.set()
            return super().__call__(windows)

    system = System(CARD.front_end, CARD.window_frames, lambda _: Stopping(1))
    with DecoderPool(CARD.front_end, 1) as pool:
        clips = [Clip("song", str(song))]
        begun = predict(clips, system, Calibration(), Execution(), pool, whole=True, stop=stop)
        assert list(begun) == []


def test_parts_that_cost_processes_in_a_row_are_the_last_of_their_song() -> None:
    cuts = [Cut([f"{song}{number}" for number in range(40)]) for song in "ab"]
    queue = Queue(cuts, {})
    tasks = queue.tasks()
    ahead = deque(next(tasks) for _ in range(4))

    def answers() -> Iterator[Decoded]:
        while ahead:
            path = str(ahead.popleft())
            ahead.extend(islice(tasks, 1))
            lost = path.startswith("a") and path not in ("a0", "a1", "a4")
            yield Decoded(None, (Notice("crash" if lost else "silent", path),))

    named = [item.notices[0].detail for item in queue.decoded(answers(), 2)]
    # Three in a row are lost with the eighth part; those that wait already are still answered.
    assert named == [*cuts[0].parts, *cuts[1].parts]
    assert 8 <= len(cuts[0].parts) <= 12
    assert len(cuts[1].parts) == 40
    assert f"only the first {len(cuts[0].parts)} of 40 parts" in cuts[0].notices[0].detail
    assert not cuts[1].notices


def test_the_command_line_resumes_only_a_run_with_the_same_option(
    song: Path, weights: Path, tmp_path: Path
) -> None:
    table, windows = tmp_path / "o.csv", tmp_path / "windows.csv"
    options = (song, "-o", table, "--keep-journal", "--per-window", windows, "--save-settings")
    assert finish(weights, *options, "--whole").returncode == 0
    whole = [path.read_bytes() for path in (table, windows)]
    assert whole[1].count(b"\n") == 14
    assert not errors(table)
    again = finish(weights, *options, "--whole")
    assert "1 of 1 clips are in the journal already" in again.stderr
    assert [path.read_bytes() for path in (table, windows)] == whole
    middle = finish(weights, *options)
    assert "classified anew" in middle.stderr
    assert windows.read_bytes().count(b"\n") == 4
    (tmp_path / "kept.json").write_text('{"whole": true}')
    replayed = finish(weights, *options, "--settings", tmp_path / "kept.json")
    assert replayed.returncode == 0
    assert [path.read_bytes() for path in (table, windows)] == whole


def test_python_gives_the_answers_of_a_whole_song(song: Path) -> None:
    samples, rate = soundfile.read(song, dtype="float32")
    with model.load(device="cpu", workers=1) as classifier:
        spectrogram = classifier.log_mel(song)
        rows = classifier.predict([song, (samples, rate), spectrogram], whole=True)
        middle = classifier.predict([song, (samples, rate)])
        windows = classifier.predict_windows(song, whole=True)
        vectors = classifier.embed(song, whole=True)
    assert len(windows) == 13
    assert vectors.notna().all(axis=None)
    np.testing.assert_allclose(rows.iloc[0], rows.iloc[1], atol=0.01)
    np.testing.assert_allclose(rows.iloc[2], middle.iloc[0], rtol=1e-9)
    assert np.abs(rows.iloc[0] - middle.iloc[0]).max() > 0.05
