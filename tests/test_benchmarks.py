"""The benchmarks run; tests do not check what they measure, except equal results."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import measuring, memory, robustness, training
from benchmarks.__main__ import BENCHMARKS, main, ratios_page
from benchmarks.measuring import Report, call_alone
from benchmarks.pipeline import costs as pipeline
from benchmarks.pipeline import gpu
from benchmarks.systems import count_numbers, front_end_ms, measure_systems, network_ms
from model import systems
from model.systems import cards
from model.systems.cards import describe


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_case_runs_and_the_naive_way_gives_our_probabilities(
    tmp_path: Path, clips: list[Path]
) -> None:
    count = pipeline.FEW + 2
    links = measuring.make_links(clips, count, tmp_path)
    costs = pipeline.compare(links, rounds=1, folder=tmp_path)
    text = pipeline.describe(costs, 0.0)
    for case in ("decode", "front end", "ours", "naive"):
        assert f"| {case} |" in text
    listed = measuring.write_list(links, count, tmp_path)
    assert pipeline.largest_difference(listed, tmp_path) < 1e-3


def test_memory_is_measured_for_each_case_and_number_of_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "memory.md"
    counts = ("--counts", "2", "4", "--minutes", "1")
    assert main(["memory", *counts, "-o", str(output)]) == 0
    page = output.read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    for case in memory.CASES:
        for count in (2, 4):
            assert f"| {case} | {count} | " in page
    assert "\n| 1 | " in page


def test_the_cost_of_a_large_run_is_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "--clips", "2000000", "--price", "0.05"]) == 0
    printed = capsys.readouterr().out
    assert "\n2,000,000 clips:\n" in printed
    assert "requests: 4 million" in printed
    assert "price of the CPUs: " in printed
    assert "price of the requests" not in printed


def test_without_a_gpu_its_figures_are_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"input pipeline, 2 threads": 40.0, "optimizer step on the CPU": 20.0}
    epochs = dict[str, object]()
    monkeypatch.setattr(
        training,
        "call_alone",
        lambda function, *_: dict(rates if function is training.clips_per_second else epochs),
    )
    output = tmp_path / "training.md"
    assert main(["training", "-o", str(output)]) == 0
    assert f"| {training.ROWS[0]} | NOT MEASURED | NOT MEASURED |" in output.read_text()
    single = {"epoch": 5.0, "same batch": 10.0, "prediction": 7.0}
    mixed = {"epoch": 9.5, "same batch": 10.0, "prediction": 7.0}
    epochs |= {"single": single, "mixed": mixed, "device": "a device"}
    assert main(["training", "-o", str(output)]) == 0
    text = output.read_text()
    assert "of 20,000 clips on a device" in text
    assert f"| {training.ROWS[2]} | 50% | 5% |" in text
    assert f"| {training.ROWS[3]} | input pipeline | device |" in text


def test_without_a_gpu_its_rows_say_so(tmp_path: Path) -> None:
    section = gpu.section([], tmp_path, has_gpu=lambda _: False)
    assert section.count("| NOT MEASURED | NOT MEASURED | NOT MEASURED |") == 4


@pytest.mark.slow
def test_a_gpu_is_compared_with_the_processors(tmp_path: Path, clips: list[Path]) -> None:
    """Here the processors stand for the GPU, too."""
    section = gpu.section(clips, tmp_path, has_gpu=lambda _: True, windows=4, count=2)
    assert len(re.findall(r"\| `\w+`, [^|]+\| \d+\.\d \|[^|]+\| \d+\.\d \|", section)) == 4


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_epochs_are_measured_in_both_precisions() -> None:
    rates = training.rates_of_epochs("2", "any")
    assert set(rates) == {"single", "mixed", "device"}
    assert min(rates["mixed"].values()) > 0


def test_ratios_are_one_table_with_the_name_of_the_machine() -> None:
    page = ratios_page([Report("", {"a / b": 2.0}), Report("", {"c / d": 0.5})])
    assert measuring.processor() in page
    assert "| a / b | 2.00 |\n| c / d | 0.50 |\n" in page


def test_every_benchmark_is_listed_with_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for name, (module, _) in BENCHMARKS.items():
        assert re.search(rf"^    {name}\s", printed, re.MULTILINE)
        assert (module.__doc__ or "").partition(" ")[0] in printed


def test_clips_to_measure_are_30_seconds_in_stereo(tmp_path: Path) -> None:
    clips = measuring.make_clips(tmp_path, ("vbr",))
    info = soundfile.info(clips[0])
    assert len(clips) == 10
    assert (info.samplerate, info.channels) == (44_100, 2)
    assert info.frames / info.samplerate == pytest.approx(30, abs=0.1)


def test_what_a_system_costs_is_measured_part_by_part() -> None:
    assert call_alone(front_end_ms, "random") > 0
    assert call_alone(network_ms, "random") > 0


def test_a_front_end_is_measured_once_for_all_that_have_it() -> None:
    asked: list[tuple[str, str]] = []

    def milliseconds(part: Callable[[str], float], name: str) -> float:
        asked.append((part.__name__, name))
        return len(asked)

    found = dict(measure_systems(["random", "svm", "prior", "xgboost"], milliseconds))
    assert [name for part, name in asked if part == "front_end_ms"] == ["random", "svm"]
    assert [name for part, name in asked if part == "network_ms"] == list(found)
    assert found["random"].front_end_ms == found["prior"].front_end_ms
    assert found["svm"].front_end_ms == found["xgboost"].front_end_ms
    assert len({cost.network_ms for cost in found.values()}) == 4
    assert (found["random"].parameters, found["prior"].parameters) == (1, 16)
    card = cards.read("svm", systems.WEIGHTS_FOLDER)
    weights = describe(systems.WEIGHTS_FOLDER / card.weights.file)
    assert found["svm"].weights_bytes == weights.size


def test_the_numbers_of_a_network_are_its_parameters(tmp_path: Path) -> None:
    """Statistics of batch normalisations are parameters, seeds of dropouts are not."""
    import keras
    from keras import layers

    inputs = layers.Input((8, 3))
    x = layers.Dense(5)(inputs)
    x = layers.Dropout(0.5)(layers.BatchNormalization()(x))
    network = keras.Model(inputs, layers.Dense(2)(x))
    path = tmp_path / "network.weights.h5"
    network.save_weights(path)
    assert count_numbers(path) == network.count_params() == 20 + 4 * 5 + 12


def test_the_numbers_of_other_weights_are_counted(tmp_path: Path) -> None:
    np.save(tmp_path / "table.npy", np.zeros((3, 4)))
    assert count_numbers(tmp_path / "table.npy") == 12
    trees = {"trees": [{"split": [0.5, 1], "kind": "word", "left": True}], "rounds": 7}
    (tmp_path / "trees.json.gz").write_bytes(gzip.compress(json.dumps(trees).encode()))
    assert count_numbers(tmp_path / "trees.json.gz") == 3
    with pytest.raises(ValueError, match=r"weights\.pt: numbers of such a file"):
        count_numbers(tmp_path / "weights.pt")


def test_a_variant_has_the_bandwidth_rate_and_channels_it_names(tmp_path: Path) -> None:
    seconds = np.arange(2 * 44_100) / 44_100
    low, high = (np.sin(2 * np.pi * hertz * seconds) for hertz in (1_000.0, 17_000.0))
    stereo = (np.stack([low + high, low], axis=1) / 4).astype(np.float32)
    samples, rate = robustness.rewritten(stereo, 44_100, robustness.Variant(low_pass=16_000))
    assert (samples.shape, rate) == (stereo.shape, 44_100)
    inside = slice(1000, -1000)  # resampling rings at the ends
    np.testing.assert_allclose(samples[inside, 0], samples[inside, 1], atol=1e-3)
    variant = robustness.Variant(rate=16_000, mono=True, kbit=64)
    samples, rate = robustness.rewritten(stereo, 44_100, variant)
    assert (samples.shape, rate) == ((2 * 16_000, 1), 16_000)
    robustness.write(tmp_path / "a.mp3", samples, rate, variant.kbit)
    assert soundfile.info(tmp_path / "a.mp3").format == "MP3"


def test_what_changes_is_counted_by_clip() -> None:
    before = np.full((4, 16), 0.02)
    before[:, 3] = 0.7
    after = before.copy()
    after[0] = np.roll(before[0], 1)
    assert robustness.compare(before, before) == (1.0, 0.0)
    same, moved = robustness.compare(before, after)
    assert same == 0.75
    assert moved == pytest.approx(0.68 / 4)
