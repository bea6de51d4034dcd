"""How a network is trained, and how a trained network is finished."""

from dataclasses import dataclass, field
from typing import Final, Literal

from training.optimization.augmentation import Augmentation

Precision = Literal["single", "mixed"]
"""``mixed``: layers compute in half precision; weights and losses are in single precision."""


@dataclass(frozen=True)
class Distillation:
    """What a network learns from its teachers besides the labels.

    Attributes:
        posterior_weight: share of the teacher's posterior in a training target; the rest is the
            smoothed label.
        embedding_loss_weight: weight of the squared error to the teacher's standardised embeddings.
        teacher_strength: inverse regularisation (scikit-learn's C) of the teacher's regression.
    """

    posterior_weight: float = 0.8
    embedding_loss_weight: float = 1.0
    teacher_strength: float = 0.003


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        epochs: passes over the clips.
        patience: epochs without a lower validation log loss after which training ends; without
            effect where no part of the clips is for validation.
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
        distillation: what teachers contribute, None for nothing.
        precision: precision in which layers compute while they are trained.
    """

    epochs: int = 6
    patience: int = 10
    learning_rate: float = 5e-4
    batch_size: int = 32
    crop_frames: int = 500
    weight_decay: float = 0.01
    dropout: float = 0.2
    label_smoothing: float = 0.05
    probe_strength: float = 0.01
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    distillation: Distillation | None = field(default_factory=Distillation)
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
        posterior_weight: share of the teacher's posterior in the targets of the regression.
        feature_scale_floor: argument of ``training.trainers.distillation.fit_probe``.
        tag_logit_share: factor of the tag weights (``training.initial.tags``) that are added to
            the last layer.
    """

    start_weight_share: float = 0.5
    refit_strength: float = 0.03
    posterior_weight: float = 0.5
    feature_scale_floor: float = 0.3
    tag_logit_share: float = 0.5


SCRATCH: Final = TrainingConfig(epochs=60, learning_rate=1e-3, distillation=None)
"""For random starting weights."""
