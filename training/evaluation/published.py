"""What was published of the six systems of the second round in 2018.

Source: the table of results in the starter kit of the challenge (crowdAI, WWW 2018). The first
log loss and F1 are of the public board of the first round, the second ones of a part of its test
set, the third ones of the secret clips of the second round, by which the rank goes. F1 is the micro
average, which is the accuracy.
"""

from dataclasses import dataclass
from typing import Final

Three = tuple[float, float, float]
"""Of the board, of a part of the board's clips, and of the secret clips."""


@dataclass(frozen=True)
class Published:
    """A row of the table of 2018.

    Attributes:
        team: as it is named there.
        rank: in the second round.
        log_loss: in nats.
        f1: micro average, between 0 and 1.
    """

    team: str
    rank: int
    log_loss: Three
    f1: Three


BY_ARCHITECTURE: Final = {
    "agf": Published("minzwon & jaehun", 1, (0.55, 0.67, 1.31), (0.85, 0.80, 0.63)),
    "shortterm": Published("hglim", 2, (0.33, 0.34, 1.34), (0.92, 0.92, 0.64)),
    "xgboost": Published("benjamin_murauer", 3, (0.82, 0.86, 1.44), (0.74, 0.74, 0.60)),
    "stft": Published("gg12 & check", 4, (0.66, 0.49, 1.50), (0.80, 0.86, 0.61)),
    "xception": Published("viper & algohunt", 5, (0.66, 0.65, 1.52), (0.80, 0.81, 0.60)),
    "dpn": Published("mimbres", 6, (0.41, 0.43, 2.08), (0.90, 0.90, 0.60)),
}
"""Rows by the architecture that re-implements them; a system has one where its card names it."""
