"""Scores of held-out posteriors with intervals: in total, by genre, by source, and by clip.

Every score has two views. ``as_is`` counts the clips as they are. ``fma_medium`` weights the clips
so that the genres have the shares of fma_medium, and converts the posteriors by Bayes' rule from
the clips' own mix to fma_medium's. Both mixes are exact, without smoothing, over the genres that
have clips. Scores of repeated cross-validations are averaged.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging import metrics
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.calibration import adapt
from training.data.dataset import class_prior
from training.data.folds import Folds, unseen_genres
from training.evaluation.bootstrap import Weights, intervals
from training.evaluation.heldout import HeldOut

Posteriors = NDArray[np.float64]
"""Calibrated held-out posteriors, shape [clips, 16]."""

Figure = dict[str, float | None]
"""``value`` with the ends of its interval, ``low`` and ``high``; None where there is no clip."""

AS_IS: Final = "as_is"
CONVERTED: Final = "fma_medium"
VIEWS: Final = (AS_IS, CONVERTED)
SCORES: Final = ("log_loss", "accuracy", "macro_f1", "calibration_error")

LEAST_CLIPS: Final = 5
"""Sources with fewer clips are left out of the scores of sources left out."""

FMA_CLIPS: Final = "fma"
"""Name of the source that holds clips of the FMA data set."""

LEAST_GROUPS: Final = 3
"""A figure of fewer groups gets no interval."""


def converted(
    posteriors: Posteriors, genres: NDArray[np.int_], prior: NDArray[np.float64] | None = None
) -> Posteriors:
    """Posteriors under fma_medium's mix, shape [clips, 16].

    Args:
        posteriors: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        prior: prior of ``posteriors``, all positive, shape [16]; None for the mix of the clips.
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
    return [name for number, name in enumerate(GENRES) if number not in genres]


def overall(
    repeats: Sequence[Posteriors],
    genres: NDArray[np.int_],
    draws: Weights,
    prior: NDArray[np.float64] | None = None,
) -> dict[str, dict[str, Figure]]:
    """Scores of both views with intervals: ``overall(...)[view][score]``.

    Args:
        repeats: posteriors of each repeat of cross-validation.
        genres: index of each clip's genre, shape [clips].
        draws: resamplings of the groups, shape [draws, clips].
        prior: prior of the posteriors, as in ``converted``.
    """
    views = [_views(posteriors, genres, prior) for posteriors in repeats]

    def statistic(weights: Weights) -> NDArray[np.float64]:
        weights_of = _weights(genres, weights)
        scores = [
            [_scores(tables[view], genres, weights_of[view]) for view in VIEWS] for tables in views
        ]
        return np.asarray(np.mean(scores, axis=0).ravel())

    figures = iter(_figures(statistic, draws))
    return {view: {score: next(figures) for score in SCORES} for view in VIEWS}


def by_genre(repeats: Sequence[Posteriors], clips: HeldOut, draws: Weights) -> list[dict[str, Any]]:
    """Clips, groups, and recall and mean log loss of both views, one entry for each genre."""
    return _by_part(("genre", GENRES), clips.genres, "recall", repeats, clips, draws)


def by_source(
    repeats: Sequence[Posteriors], clips: HeldOut, draws: Weights
) -> list[dict[str, Any]]:
    """Clips, groups, and accuracy and mean log loss of both views, one entry for each source."""
    names, source_of = np.unique(np.array(clips.sources), return_inverse=True)
    return _by_part(("source", names.tolist()), source_of, "accuracy", repeats, clips, draws)


def source_out(
    posteriors: Posteriors, folds: Folds, clips: HeldOut, draws: Weights
) -> dict[str, Any]:
    """Scores of clips by networks that were not trained on the clip's source.

    Clips of a genre that no other fold has are not scored. Sources with fewer than ``LEAST_CLIPS``
    scored clips are left out.

    Args:
        posteriors: posteriors under the scheme of ``folds``, shape [clips, 16].
        folds: folds that consist of whole sources, shape [clips].
        clips: the clips.
        draws: resamplings of the groups, shape [draws, clips].
    """
    seen = ~unseen_genres(clips.genres, folds)
    names, source_of = np.unique(np.array(clips.sources), return_inverse=True)
    counted = seen & (np.bincount(source_of[seen], minlength=len(names)) >= LEAST_CLIPS)[source_of]
    if not counted.any():
        return {"clips": 0}
    losses = metrics.clip_losses(posteriors, clips.genres)
    hits = posteriors.argmax(axis=1) == clips.genres

    def statistic(weights: Weights) -> NDArray[np.float64]:
        return _means(np.stack([hits, losses]), counted.astype(int), weights, 2)[:, 1]

    accuracy, log_loss = _figures(statistic, draws)
    return {
        "clips": int(counted.sum()),
        "folds": len(np.unique(folds)),
        "accuracy": accuracy,
        "log_loss": log_loss,
        "accuracy_of_source": {
            name: round(float(hits[counted & (source_of == number)].mean()), 4)
            for number, name in enumerate(names.tolist())
            if number in source_of[counted]
        },
    }


def worst(
    repeats: Sequence[Posteriors], clips: HeldOut, share: float = 0.01
) -> list[dict[str, Any]]:
    """The clips with the largest mean log loss as is, worst first; at least one."""
    losses = np.mean([metrics.clip_losses(table, clips.genres) for table in repeats], axis=0)
    order = np.argsort(-losses, kind="stable")
    return _listed(order[: max(1, round(share * len(losses)))], repeats, clips)


def of_source(
    source: str,
    posteriors: Posteriors,
    clips: HeldOut,
    prior: NDArray[np.float64],
    draws: Weights,
) -> dict[str, Any]:
    """Log loss, accuracy and calibration error of the clips of a source under a prior.

    With them the calibration error that exact posteriors would show on so few clips, and the log
    loss of the prior alone.

    Args:
        source: name of the source.
        posteriors: under the prior of all clips, shape [clips, 16].
        clips: the clips.
        prior: the class prior, all positive, shape [16].
        draws: resamplings of the groups, shape [draws, clips].
    """
    chosen = np.array(clips.sources) == source
    if not chosen.any():
        return {"clips": 0}
    adapted = adapt(posteriors, class_prior(clips.genres), prior)
    losses = metrics.clip_losses(adapted, clips.genres)
    hits = adapted.argmax(axis=1) == clips.genres

    def statistic(weights: Weights) -> NDArray[np.float64]:
        return _means(np.stack([hits, losses]), chosen.astype(int), weights, 2)[:, 1]

    accuracy, log_loss = _figures(statistic, draws)
    of_prior = metrics.clip_losses(np.tile(prior, (len(clips), 1)), clips.genres)[chosen]
    return {
        "clips": int(chosen.sum()),
        "groups": len(set(np.array(clips.groups)[chosen].tolist())),
        "accuracy": accuracy,
        "log_loss": log_loss,
        "calibration_error": round(
            metrics.reliability(adapted[chosen], clips.genres[chosen]).error, 4
        ),
        "error_by_chance": error_by_chance(adapted[chosen]),
        "log_loss_of_prior": round(float(of_prior.mean()), 4),
    }


def without_listening(
    genres: NDArray[np.int_], folds: Folds
) -> dict[str, dict[str, dict[str, float]]]:
    """Scores of predictions that are equal for all clips: ``[prediction][view][score]``."""
    mix, equal = np.full((2, len(genres), len(GENRES)), 1.0 / len(GENRES))
    for fold in np.unique(folds):
        mix[folds == fold] = class_prior(genres[folds != fold])
    weights = _weights(genres)
    return {
        name: {
            view: dict(
                zip(SCORES, np.round(_scores(rows, genres, weights[view]), 4).tolist(), strict=True)
            )
            for view, rows in _views(table, genres).items()
        }
        for name, table in (("class mix of the other folds", mix), ("uniform", equal))
    }


def pictures(posteriors: Posteriors, genres: NDArray[np.int_]) -> dict[str, Any]:
    """Confusion counts and reliability bins of both views, of one repeat."""
    shown, weights = {}, _weights(genres)
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
    """Mean calibration error that exact posteriors would show on so few clips.

    Args:
        posteriors: shape [clips, 16].
        draws: number of times that a genre is drawn for each clip, by the clip's own posterior.
        seed: seed of the draws.
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


def _views(
    posteriors: Posteriors, genres: NDArray[np.int_], prior: NDArray[np.float64] | None = None
) -> dict[str, Posteriors]:
    return {AS_IS: posteriors, CONVERTED: converted(posteriors, genres, prior)}


def _weights(genres: NDArray[np.int_], weights: Weights | None = None) -> dict[str, Weights]:
    """Weight of each clip in each view, from the weights of a draw."""
    drawn = np.ones(len(genres)) if weights is None else weights
    return {AS_IS: drawn, CONVERTED: metrics.class_weights(genres, medium_mix(), drawn)}


def _scores(posteriors: Posteriors, genres: NDArray[np.int_], weights: Weights) -> list[float]:
    scores = metrics.score(posteriors, genres, weights)
    error = metrics.reliability(posteriors, genres, weights).error
    return [scores.log_loss, scores.accuracy, scores.macro_f1, error]


def _listed(
    chosen: NDArray[np.int_], repeats: Sequence[Posteriors], clips: HeldOut
) -> list[dict[str, Any]]:
    """Label, most probable genre and log loss of some clips, averaged over the repeats."""
    losses = np.mean([metrics.clip_losses(table, clips.genres) for table in repeats], axis=0)
    posteriors = np.mean(repeats, axis=0)
    return [
        {
            "clip": clips.ids[clip],
            "group": clips.groups[clip],
            "source": clips.sources[clip],
            "genre": GENRES[clips.genres[clip]],
            "given": GENRES[posteriors[clip].argmax()],
            "probability": round(float(posteriors[clip].max()), 4),
            "log_loss": round(float(losses[clip]), 4),
        }
        for clip in chosen.tolist()
    ]


def _by_part(
    parts: tuple[str, Sequence[str]],
    part_of: NDArray[np.int_],
    hit_name: str,
    repeats: Sequence[Posteriors],
    clips: HeldOut,
    draws: Weights,
) -> list[dict[str, Any]]:
    """Clips, groups, share of hits, and mean log loss of both views, one entry for each part.

    Args:
        parts: what a part is, and the names of the parts.
        part_of: index of each clip's part, shape [clips].
        hit_name: name of the share of hits.
        repeats: posteriors of each repeat of cross-validation.
        clips: the clips.
        draws: resamplings of the groups, shape [draws, clips].
    """
    kind, names = parts
    groups = np.array(clips.groups)
    members = [groups[part_of == number] for number in range(len(names))]
    entries: list[dict[str, Any]] = [
        {kind: name, "clips": len(own), "groups": len(set(own.tolist()))}
        for name, own in zip(names, members, strict=True)
    ]
    rows = []
    for view in VIEWS:
        tables = [_views(posteriors, clips.genres)[view] for posteriors in repeats]
        rows.append(np.mean([table.argmax(axis=1) == clips.genres for table in tables], axis=0))
        rows.append(np.mean([metrics.clip_losses(t, clips.genres) for t in tables], axis=0))
    values = np.stack(rows)

    def statistic(weights: Weights) -> NDArray[np.float64]:
        return _means(values, part_of, weights, len(names)).ravel()

    figures = iter(_figures(statistic, draws))
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
    """Weighted mean of each row within each part, NaN for an empty part, shape [rows, parts]."""
    sums = np.bincount(part_of, weights, parts)
    means: NDArray[np.float64] = np.full((len(values), parts), np.nan)
    for row, out in zip(values, means, strict=True):
        np.divide(np.bincount(part_of, row * weights, parts), sums, out=out, where=sums > 0)
    return means


def _figures(statistic: Callable[[Weights], NDArray[np.float64]], draws: Weights) -> list[Figure]:
    """Each value of a statistic with its interval, rounded for a results file."""
    columns = np.stack([statistic(np.ones(draws.shape[1])), *intervals(statistic, draws)], axis=1)
    return [
        {
            key: None if np.isnan(number) else round(number, 4)
            for key, number in zip(("value", "low", "high"), row, strict=True)
        }
        for row in columns.tolist()
    ]
