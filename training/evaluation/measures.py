"""What is measured of held-out posteriors: the scores, with intervals, by genre and by source.

Every figure is given twice. ``as_is`` takes the clips as they are. ``fma_medium`` weights them so
that the genres have the shares of fma_medium, and converts the posteriors by Bayes' rule from the
clips' own mix to that one; both mixes are taken exactly, without smoothing, over the genres that
have clips. Repeats of cross-validation are averaged, score by score.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging import metrics
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.calibration import adapt
from training.data.dataset import class_prior
from training.data.folds import unseen_genres
from training.evaluation.bootstrap import Weights, intervals

Posteriors = NDArray[np.float64]
"""Calibrated held-out posteriors, shape [clips, 16]."""

Figure = dict[str, float | None]
"""``value`` with the ends of its interval, ``low`` and ``high``; None where there is no clip."""

AS_IS: Final = "as_is"
CONVERTED: Final = "fma_medium"
VIEWS: Final = (AS_IS, CONVERTED)
SCORES: Final = ("log_loss", "accuracy", "macro_f1", "calibration_error")

LEAST_CLIPS: Final = 5
"""Sources with fewer clips say nothing of their own; they are left out of leave-one-source-out."""

TRUE_TRACKS: Final = "fma_track"
"""Name of the source that holds tracks of the Free Music Archive itself."""

LEAST_GROUPS: Final = 3
"""Draws of fewer groups are no evidence of how a figure varies: it gets no interval."""


@dataclass(frozen=True)
class Labelled:
    """What is known of the clips that are scored.

    Attributes:
        ids: their names.
        genres: index into ``GENRES``, shape [clips].
        groups: artist, or the best stand-in for one.
        sources: collection that the clip comes from.
        draws: resamplings of the groups, shape [draws, clips].
    """

    ids: Sequence[str]
    genres: NDArray[np.int_]
    groups: Sequence[str]
    sources: Sequence[str]
    draws: Weights


def converted(
    posteriors: Posteriors, genres: NDArray[np.int_], prior: NDArray[np.float64] | None = None
) -> Posteriors:
    """Posteriors under fma_medium's mix, shape [clips, 16].

    Args:
        posteriors: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        prior: mix that they are under, all positive, shape [16]; that of the clips unless given.
    """
    own = np.bincount(genres, minlength=len(GENRES)) / len(genres)
    target = medium_mix() * (own > 0)
    source = np.where(own > 0, own, 1.0) if prior is None else prior
    return adapt(posteriors, source, target / target.sum())


def medium_mix() -> NDArray[np.float64]:
    """Share of each genre in fma_medium, shape [16]."""
    return np.array(FMA_MEDIUM_CLIPS) / sum(FMA_MEDIUM_CLIPS)


def missing_genres(genres: NDArray[np.int_]) -> list[str]:
    """Genres without clips."""
    counts = np.bincount(genres, minlength=len(GENRES))
    return [name for name, count in zip(GENRES, counts, strict=True) if not count]


def overall(
    repeats: Sequence[Posteriors], clips: Labelled, prior: NDArray[np.float64] | None = None
) -> dict[str, dict[str, Figure]]:
    """Scores of both views with intervals: ``overall(...)[view][score]``.

    Args:
        repeats: posteriors of each repeat of cross-validation.
        clips: the clips.
        prior: mix that the posteriors are under, as in ``converted``.
    """
    views = [_views(posteriors, clips.genres, prior) for posteriors in repeats]

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        balanced = metrics.class_weights(clips.genres, medium_mix(), weights)
        weights_of = {AS_IS: weights, CONVERTED: balanced}
        scores = [
            [_scores(tables[view], clips.genres, weights_of[view]) for view in VIEWS]
            for tables in views
        ]
        return np.asarray(np.mean(scores, axis=0).ravel())

    figures = _figures(statistic, clips.draws)
    return {
        view: dict(zip(SCORES, figures[number * len(SCORES) :], strict=False))
        for number, view in enumerate(VIEWS)
    }


def by_genre(repeats: Sequence[Posteriors], clips: Labelled) -> list[dict[str, Any]]:
    """Clips, groups, and recall and mean log loss of both views, one entry a genre."""
    entries = [
        {"genre": name, **_counts(clips, clips.genres == number)}
        for number, name in enumerate(GENRES)
    ]
    return _with_means(entries, clips.genres, "recall", repeats, clips)


def by_source(repeats: Sequence[Posteriors], clips: Labelled) -> list[dict[str, Any]]:
    """Clips, groups, and accuracy and mean log loss of both views, one entry a source."""
    names, source_of = np.unique(np.array(clips.sources), return_inverse=True)
    entries = [
        {"source": name, **_counts(clips, source_of == number)}
        for number, name in enumerate(names.tolist())
    ]
    return _with_means(entries, source_of, "accuracy", repeats, clips)


def source_out(posteriors: Posteriors, folds: NDArray[np.int_], clips: Labelled) -> dict[str, Any]:
    """Scores of clips by networks that saw no clip of their source.

    Clips of a genre that no other fold has cannot be scored, and sources with fewer than
    ``LEAST_CLIPS`` others are left out.

    Args:
        posteriors: of the scheme whose folds are sources, shape [clips, 16].
        folds: of that scheme, shape [clips].
        clips: the clips.
    """
    seen = ~unseen_genres(clips.genres, folds)
    names, source_of = np.unique(np.array(clips.sources), return_inverse=True)
    counted = seen & (np.bincount(source_of[seen], minlength=len(names)) >= LEAST_CLIPS)[source_of]
    if not counted.any():
        return {"clips": 0}
    losses = metrics.clip_losses(posteriors, clips.genres)
    hits = posteriors.argmax(axis=1) == clips.genres

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _means(np.stack([hits, losses]), counted.astype(int), weights, 2)[:, 1]

    accuracy, log_loss = _figures(statistic, clips.draws)
    sources = {
        name: round(float(hits[counted & (source_of == number)].mean()), 4)
        for number, name in enumerate(names.tolist())
        if (counted & (source_of == number)).any()
    }
    return {
        "clips": int(counted.sum()),
        "folds": len(np.unique(folds)),
        "accuracy": accuracy,
        "log_loss": log_loss,
        "accuracy_of_source": sources,
    }


def worst(
    repeats: Sequence[Posteriors], clips: Labelled, share: float = 0.01
) -> list[dict[str, Any]]:
    """The clips with the largest mean log loss as is, worst first; at least one."""
    losses = np.mean([metrics.clip_losses(rows, clips.genres) for rows in repeats], axis=0)
    mean = np.mean(repeats, axis=0)
    count = max(1, round(share * len(losses)))
    chosen = np.argsort(-losses, kind="stable")[:count].tolist()
    return [_named(clip, mean[clip], losses[clip], clips) for clip in chosen]


def of_one_source(
    source: str, repeats: Sequence[Posteriors], clips: Labelled
) -> list[dict[str, Any]]:
    """All clips of a source, converted to fma_medium's mix, in the order of the table."""
    tables = [converted(posteriors, clips.genres) for posteriors in repeats]
    losses = np.mean([metrics.clip_losses(rows, clips.genres) for rows in tables], axis=0)
    mean = np.mean(tables, axis=0)
    chosen = [clip for clip, name in enumerate(clips.sources) if name == source]
    return [_named(clip, mean[clip], losses[clip], clips) for clip in chosen]


def without_listening(
    genres: NDArray[np.int_], folds: NDArray[np.int_]
) -> dict[str, dict[str, dict[str, float]]]:
    """Scores of answers that are alike for all clips: ``[answer][view][score]``."""
    mix, equal = np.zeros((2, len(genres), len(GENRES)))
    equal[:] = 1.0 / len(GENRES)
    for fold in np.unique(folds):
        mix[folds == fold] = class_prior(genres[folds != fold])
    weights = {AS_IS: np.ones(len(genres)), CONVERTED: metrics.class_weights(genres, medium_mix())}
    return {
        answer: {
            view: dict(
                zip(SCORES, np.round(_scores(rows, genres, weights[view]), 4).tolist(), strict=True)
            )
            for view, rows in _views(table, genres).items()
        }
        for answer, table in (("class mix of the other folds", mix), ("uniform", equal))
    }


def pictures(posteriors: Posteriors, genres: NDArray[np.int_]) -> dict[str, Any]:
    """Confusion counts and reliability bins of both views, of one repeat."""
    shown = {}
    weights = {AS_IS: None, CONVERTED: metrics.class_weights(genres, medium_mix())}
    for view, table in _views(posteriors, genres).items():
        bins = metrics.reliability(table, genres, weights[view])
        shown[view] = {
            "confusion": metrics.confusion(table.argmax(axis=1), genres, len(GENRES)).tolist(),
            "share": bins.share.round(4).tolist(),
            "confidence": bins.confidence.round(4).tolist(),
            "accuracy": bins.accuracy.round(4).tolist(),
        }
    return shown


def error_by_chance(posteriors: Posteriors, draws: int = 200, seed: int = 0) -> float:
    """Mean calibration error if the posteriors were exactly right: what so few clips leave.

    Args:
        posteriors: shape [clips, 16].
        draws: number of times that a genre is drawn for each clip, by its own posterior.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    ends = posteriors.cumsum(axis=1)
    errors = []
    for _ in range(draws):
        drawn = (rng.random((len(ends), 1)) * ends[:, -1:] > ends).sum(axis=1)
        errors.append(metrics.reliability(posteriors, drawn).error)
    return round(float(np.mean(errors)), 4)


def effective_clips(genres: NDArray[np.int_]) -> float:
    """Kish's effective number of clips after weighting to fma_medium's mix."""
    weights = metrics.class_weights(genres, medium_mix())
    return float(weights.sum() ** 2 / (weights**2).sum())


def _named(clip: int, posterior: Posteriors, log_loss: float, clips: Labelled) -> dict[str, Any]:
    return {
        "clip": clips.ids[clip],
        "group": clips.groups[clip],
        "source": clips.sources[clip],
        "genre": GENRES[clips.genres[clip]],
        "given": GENRES[posterior.argmax()],
        "probability": round(float(posterior.max()), 4),
        "log_loss": round(float(log_loss), 4),
    }


def _views(
    posteriors: Posteriors, genres: NDArray[np.int_], prior: NDArray[np.float64] | None = None
) -> dict[str, Posteriors]:
    return {AS_IS: posteriors, CONVERTED: converted(posteriors, genres, prior)}


def _scores(
    posteriors: Posteriors, genres: NDArray[np.int_], weights: NDArray[np.float64]
) -> list[float]:
    scores = metrics.score(posteriors, genres, weights)
    error = metrics.reliability(posteriors, genres, weights).error
    return [scores.log_loss, scores.accuracy, scores.macro_f1, error]


def _counts(clips: Labelled, chosen: NDArray[np.bool_]) -> dict[str, int]:
    groups = {group for group, of_part in zip(clips.groups, chosen, strict=True) if of_part}
    return {"clips": int(chosen.sum()), "groups": len(groups)}


def _with_means(
    entries: list[dict[str, Any]],
    part_of: NDArray[np.int_],
    hit_name: str,
    repeats: Sequence[Posteriors],
    clips: Labelled,
) -> list[dict[str, Any]]:
    """Add share of hits and mean log loss of both views to the entry of each part."""
    rows = []
    for view in VIEWS:
        tables = [_views(posteriors, clips.genres)[view] for posteriors in repeats]
        rows.append(np.mean([table.argmax(axis=1) == clips.genres for table in tables], axis=0))
        rows.append(np.mean([metrics.clip_losses(t, clips.genres) for t in tables], axis=0))
    values, parts = np.stack(rows), len(entries)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _means(values, part_of, weights, parts).ravel()

    figures = iter(_figures(statistic, clips.draws))
    for view in VIEWS:
        for name in (hit_name, "log_loss"):
            for entry in entries:
                figure = next(figures)
                if entry["groups"] < LEAST_GROUPS:
                    figure |= {"low": None, "high": None}
                entry.setdefault(view, {})[name] = figure
    return entries


def _means(
    values: NDArray[np.float64], part_of: NDArray[np.int_], weights: Weights, parts: int
) -> NDArray[np.float64]:
    """Weighted mean of each row within each part, NaN for an empty one, shape [rows, parts]."""
    sums = np.bincount(part_of, weights, parts)
    means: NDArray[np.float64] = np.full((len(values), parts), np.nan)
    for row, out in zip(values, means, strict=True):
        np.divide(np.bincount(part_of, row * weights, parts), sums, out=out, where=sums > 0)
    return means


def _figures(statistic: Callable[[Weights], NDArray[np.float64]], draws: Weights) -> list[Figure]:
    """Each value of a statistic with its interval, rounded for a results file."""
    value = statistic(np.ones(draws.shape[1]))
    low, high = intervals(statistic, draws)
    return [
        {key: None if np.isnan(number) else round(float(number), 4) for key, number in row.items()}
        for row in _rows({"value": value, "low": low, "high": high})
    ]


def _rows(columns: Mapping[str, NDArray[np.float64]]) -> list[dict[str, float]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
