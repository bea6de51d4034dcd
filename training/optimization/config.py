"""How a network is trained, and how a trained network is finished."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from model.systems.ours.fusion import MOBILENET, MUSICNN
from training.optimization.augmentation import Augmentation

Precision = Literal["single", "mixed"]
"""``mixed``: layers compute in half precision; weights and losses are in single precision."""

VIEW_AUGMENTATION: Final = Augmentation(gain_db=6.0, equalizer_db=5.0, low_pass=0.3, masks=0)
"""Of the crops to which a last layer is fitted; without masks, which no real clip has."""


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        epochs: passes over the clips; 0 leaves the initial weights as they are.
        patience: epochs without a lower validation log loss after which training ends; without
            effect where no part of the clips is for validation.
        validation_folds: where no part of the clips is for validation, one of so many parts without
            common artists is; 0 for none. Without effect where clips are too few to divide.
        learning_rate: peak of the learning rate. It rises over the first tenth of the steps and
            falls along a half cosine.
        batch_size: crops in an optimizer step.
        crop_frames: length of a training crop in frames.
        weight_decay: weight decay of AdamW (Loshchilov and Hutter, 2019).
        dropout: share of the features that is dropped before the last layer.
        label_smoothing: share of a label that is spread evenly over the genres.
        probe_strength: inverse regularisation (scikit-learn's C) of the logistic regression that
            initialises the last layer where training starts from published weights.
        augmentation: how crops are augmented, None for crops as they are.
        precision: precision in which layers compute while they are trained.
    """

    epochs: int = 6
    patience: int = 10
    validation_folds: int = 0
    learning_rate: float = 5e-4
    batch_size: int = 32
    crop_frames: int = 500
    weight_decay: float = 0.01
    dropout: float = 0.2
    label_smoothing: float = 0.05
    probe_strength: float = 0.01
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    precision: Precision = "single"


@dataclass(frozen=True)
class FinishingConfig:
    """How a trained network is finished: weight averaging, then another fit of the last layer.

    Attributes:
        start_weight_share: share of the starting weights in the final weights, 0 to 1. Averaged
            weights generalise better to other sources (Wortsman et al., Robust Fine-tuning of
            Zero-shot Models, CVPR 2022).
        refit_strength: inverse regularisation (scikit-learn's C) of the logistic regression that
            becomes the last layer.
        posterior_weight: share of the teacher's posterior in the targets of the regression; the
            rest is the label.
        teacher_strength: inverse regularisation of the teacher's regression.
        feature_scale_floor: argument of ``training.trainers.regression.fit_probe``.
        balance: a clip has the weight (clips of its artist x clips of its genre)^-balance; 0 for
            equal weights.
        views: number of augmented crops of each clip that the regression is fitted to besides the
            whole clip, so that it relies less on level, timbre and bandwidth.
        view_augmentation: how these crops are augmented.
        tag_logit_shares: factor of the tag weights (``training.initial.tags``) that are added to
            the last layer, by branch.
    """

    start_weight_share: float = 0.5
    refit_strength: float = 0.01
    posterior_weight: float = 0.5
    teacher_strength: float = 0.003
    feature_scale_floor: float = 0.3
    balance: float = 0.5
    views: int = 4
    view_augmentation: Augmentation = VIEW_AUGMENTATION
    tag_logit_shares: Mapping[str, float] = field(
        default_factory=lambda: {MOBILENET: 0.5, MUSICNN: 0.25}
    )


FROZEN: Final = TrainingConfig(epochs=0)
"""Published initial weights as they are; finishing fits the last layer."""

SCRATCH: Final = TrainingConfig(epochs=60, learning_rate=1e-3)
"""For random starting weights."""
