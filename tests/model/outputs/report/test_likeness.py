"""Similar clips are near each other, on the map and in the lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.outputs.report.likeness import SCALE, SIZE, likeness, neighbours, positions


def groups(count: int, each: int, features: int = 600) -> np.ndarray:
    """Likeness vectors of clips of some groups, one group after the other."""
    random = np.random.default_rng(0)
    centres = np.abs(random.normal(size=(count, features)))
    near = centres.repeat(each, axis=0) + 0.1 * random.normal(size=(count * each, features))
    return np.array([likeness(row) for row in near.astype(np.float32)])


def test_a_vector_keeps_how_much_clips_differ() -> None:
    random = np.random.default_rng(1)
    embeddings = random.normal(size=(60, 900))
    roots = np.sign(embeddings) * np.sqrt(np.abs(embeddings))
    roots /= np.linalg.norm(roots, axis=1, keepdims=True)
    vectors = np.array([likeness(row) for row in embeddings])
    assert vectors.shape == (60, SIZE)
    before = np.linalg.norm(roots[:30] - roots[30:], axis=1)
    after = np.linalg.norm(vectors[:30] - vectors[30:], axis=1)
    assert (after / before).std() < 0.12
    assert (after / before).mean() == pytest.approx(1, abs=0.05)


def test_logits_are_not_projected() -> None:
    assert likeness(np.arange(16.0)).shape == (16,)


def test_the_neighbours_of_a_clip_are_of_its_group() -> None:
    found = neighbours(groups(4, 12))
    own = np.arange(48)
    assert found.shape == (48, 10)
    assert (found // 12 == own[:, None] // 12).all()
    assert (found != own[:, None]).all()


def test_groups_stand_together_on_the_map() -> None:
    vectors = groups(4, 12)
    places = positions(vectors, neighbours(vectors))
    centres = places.reshape(4, 12, 2).mean(axis=1)
    nearest = np.linalg.norm(places[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == np.arange(48) // 12).mean() > 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 30), st.integers(2, 20), st.booleans())
def test_every_collection_has_a_map(clips: int, size: int, alike: bool) -> None:
    vectors = np.random.default_rng(clips).normal(size=(clips, size)).astype(np.float32)
    vectors = np.zeros_like(vectors) if alike else vectors
    found = neighbours(vectors)
    places = positions(vectors, found)
    assert places.shape == (clips, 2)
    assert places.min() >= 0
    assert places.max() <= SCALE
    assert np.array_equal(places, positions(vectors, found))
