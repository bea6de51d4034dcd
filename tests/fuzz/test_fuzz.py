"""No damage to a clip may cost more than this clip's row. Many more: ``python -m tests.fuzz``."""

from pathlib import Path

import numpy as np
import pytest

from model.clips import Notice
from model.decoding.pool import Decoded
from tests.fuzz.campaign import FRONT_END, Summary, run, vocabulary, wrong
from tests.fuzz.mutations import STEPS, Recipe, clips, draw, mutant

CASES = Path(__file__).parent / "cases.jsonl"
GOOD = np.zeros((100, FRONT_END.mel_bands), np.float16)


def told(summary: Summary) -> list[str]:
    return [f"{finding.what} {finding.recipe.to_json()}" for finding in summary.findings]


def test_recipes_are_reproducible_and_damage_something() -> None:
    recipes = [draw(5, number) for number in range(60)]
    assert recipes == [Recipe.from_json(draw(5, number).to_json()) for number in range(60)]
    assert {name for recipe in recipes for name, _ in recipe.steps} == set(STEPS)
    mutants = [mutant(recipe) for recipe in recipes]
    assert mutants == [mutant(recipe) for recipe in recipes]
    assert sum(m != clips()[r.clip] for m, r in zip(mutants, recipes, strict=True)) > 50


@pytest.mark.parametrize(
    "answer",
    [
        Decoded(None),
        Decoded(None, (Notice("crash", "by signal SIGSEGV"),)),
        Decoded(None, (Notice("timeout", "no answer"),)),
        Decoded(None, (Notice("no such reason", "x"),)),
        Decoded(GOOD, (Notice("incomplete", ""),)),
        Decoded(GOOD, (Notice("cost", "cost 5 ms, 2000 MB, 0 deaths"),)),
        Decoded(GOOD * np.float16(np.nan)),
        Decoded(GOOD.astype(np.float32)),
        Decoded(GOOD[:0]),
        Decoded(np.repeat(GOOD, 1000, axis=0)),
    ],
)
def test_a_wrong_answer_is_found(answer: Decoded) -> None:
    assert list(wrong(answer))


def test_a_right_answer_is_no_finding() -> None:
    assert {"second_decoder", "silent"} <= vocabulary()
    assert not list(
        wrong(Decoded(GOOD, (Notice("short", "x"), Notice("cost", "cost 5 ms, 9 MB, 1 deaths"))))
    )
    assert not list(wrong(Decoded(None, (Notice("undecodable", "x (cost 5 ms, 9 MB, 0 deaths)"),))))


def test_kept_mutants_harm_nothing() -> None:
    """Findings once repaired, and the dearest mutant of each kind of outcome."""
    recipes = [Recipe.from_json(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    assert recipes
    assert told(run(recipes, workers=1)) == []


@pytest.mark.parametrize("seed", [1])
def test_a_few_hundred_mutants_harm_nothing(seed: int) -> None:
    summary = run([draw(seed, number) for number in range(300)], workers=2)
    assert told(summary) == []
    assert summary.mutants == 300
    assert summary.reasons["row"] > 150
    assert summary.reasons["second_decoder"] > 10


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_thousands_of_mutants_harm_nothing() -> None:
    summary = run([draw(2, number) for number in range(2400)], workers=2)
    assert told(summary) == []
    assert summary.mutants == 2400
