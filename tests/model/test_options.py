"""Options refuse invalid values wherever they are built."""

from pathlib import Path
from typing import Any

import pytest

from model.errors import UsageError
from model.options import DECLARED, Options, check, parse

VALID: dict[str, Any] = {
    "sources": ("music",),
    "output": Path("o.csv"),
    "system": "mobilenet",
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("device", "banana", "invalid device 'banana': must be one of auto, cpu, gpu"),
        ("calibration", "maybe", "must be one of card, on, off"),
        ("workers", 0, "invalid workers 0: must be a whole number, at least 1"),
        ("workers", "two", "at least 1"),
        ("workers", None, "at least 1"),
        ("batch_size", 1.5, "invalid batch-size 1.5"),
        ("top", -1, "at least 0"),
        ("shard", (3, 2), "a part such as 1/8"),
        ("min_confidence", float("nan"), "a number from 0 to 1"),
        ("time_limit", float("inf"), "a time above 0"),
        ("embeddings", Path("e.csv"), r"\.npz or \.parquet"),
        ("format", "xls", "one of csv, parquet, jsonl"),
        ("write_tags", "yes", "one of dry-run, apply, fill"),
    ],
)
def test_an_invalid_value_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Options(**{**VALID, name: value})
    with pytest.raises(UsageError, match=message):
        check(name, value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("time_limit", "9.5h", 34_200.0),
        ("time_limit", "30m", 1_800.0),
        ("time_limit", "90", 90.0),
        ("shard", "8/8", (8, 8)),
        ("min_confidence", "0", 0.0),
        ("output", "a b.csv", Path("a b.csv")),
    ],
)
def test_texts_are_parsed(name: str, text: str, value: object) -> None:
    assert parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("time_limit", "h"), ("time_limit", "-1h"), ("shard", "1"), ("shard", "1/x"), ("top", "1.5")],
)
def test_an_invalid_text_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"{text}: must be "):
        parse(name, text)


def test_defaults_are_valid_and_not_changes() -> None:
    options = Options(**VALID)
    for name in DECLARED:
        check(name, getattr(options, name))
    assert options.changed() == {"output": "o.csv", "system": "mobilenet"}
    assert Options(**VALID, shard=(1, 2), any_audio=True).changed() == {
        "output": "o.csv",
        "system": "mobilenet",
        "any-audio": True,
        "shard": "1/2",
    }


def test_a_shard_has_not_all_clips_that_an_estimated_prior_needs() -> None:
    with pytest.raises(UsageError, match="needs all clips"):
        Options(**VALID, shard=(1, 2), prior="estimate")
