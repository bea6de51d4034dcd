"""Losses and validation scores of each epoch, and the weights of the best epoch."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import keras

Validate = Callable[[], Mapping[str, float]]
"""Computes scores of a network on validation clips, ``validation_log_loss`` among them."""

LOSS: Final = "validation_log_loss"


class History:
    """A csv file with one row for each epoch; an interrupted training continues it.

    Args:
        checkpoint: checkpoint of the training, whose name ends in ``.weights.h5``.
        network: network that is trained.
        validate: computes validation scores of the network, None for no validation.
        patience: epochs without a lower validation log loss after which training is over.
    """

    def __init__(
        self, checkpoint: Path, network: keras.Model, validate: Validate | None, patience: int
    ) -> None:
        stem = checkpoint.name.removesuffix(".weights.h5")
        self._path = checkpoint.with_name(f"{stem}.history.csv")
        self._best = checkpoint.with_name(f"{stem}.best.weights.h5")
        self._network, self._validate, self._patience = network, validate, patience
        self._rows: list[dict[str, float]] = []
        if checkpoint.exists() and self._path.exists():
            with self._path.open(newline="", encoding="utf-8") as file:
                self._rows = [_numbers(row) for row in csv.DictReader(file)]

    def is_over(self, epochs: int) -> bool:
        """Whether training ends early, after a number of finished epochs.

        An epoch that was interrupted before its validation is validated now.
        """
        if not self._validate or not epochs:
            return False
        if len(self._rows) < epochs:
            self.add(epochs, {})
        losses = [row[LOSS] for row in self._rows]
        return epochs - (losses.index(min(losses)) + 1) >= self._patience

    def add(self, epoch: int, losses: Mapping[str, float]) -> dict[str, float]:
        """Validate the network after an epoch and write the row; returns losses and scores.

        Args:
            epoch: number of the epoch, counted from 1.
            losses: training losses by name.
        """
        scores = dict(losses) | dict(self._validate() if self._validate else {})
        self._rows = [*self._rows[: epoch - 1], {"epoch": epoch} | scores]
        if LOSS in scores and scores[LOSS] == min(row[LOSS] for row in self._rows):
            part = self._best.with_name(f"part.{self._best.name}")
            self._network.save_weights(part)
            part.replace(self._best)
        part = self._path.with_name(f"part.{self._path.name}")
        with part.open("w", newline="", encoding="utf-8") as file:
            names = dict.fromkeys(name for row in self._rows for name in row)
            writer = csv.DictWriter(file, list(names))
            writer.writeheader()
            writer.writerows(self._rows)
        part.replace(self._path)
        return scores

    def restore_best(self) -> None:
        """Give the network the weights of the epoch with the least validation log loss."""
        if self._best.exists():
            self._network.load_weights(self._best)


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value}
