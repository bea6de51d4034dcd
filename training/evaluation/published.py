"""Published results of the six systems of the second round in 2018.

Source: the table of results in the starter kit of the challenge (crowdAI, WWW 2018). Each system
has three log losses and three F1: on the public leaderboard of the first round, on a part of its
test set, and on the secret clips of the second round, which decide the rank. F1 is the micro
average, which equals the accuracy.
"""

from dataclasses import dataclass
from typing import Final

Three = tuple[float, float, float]
"""Scores on the public leaderboard, on a part of its clips, and on the secret clips."""


@dataclass(frozen=True)
class Published:
    """A row of the table of 2018.

    Attributes:
        team: name of the team.
        rank: rank in the second round.
        log_loss: three log losses in nats.
        f1: three micro averages, from 0 to 1.
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
"""Published rows by the architecture that re-implements them."""
