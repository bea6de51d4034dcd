"""How predictions compare with the right genres."""

import numpy as np
import pytest

from model.genres import GENRES
from model.outputs.report.comparison import Comparison
from tests.support.report_samples import posterior

ROCK, JAZZ = GENRES.index("Rock"), GENRES.index("Jazz")


def test_measures() -> None:
    compared = Comparison()
    for right, top, genre in ((ROCK, 0.9, ROCK), (ROCK, 0.62, JAZZ), (JAZZ, 0.64, JAZZ)):
        compared.add(right, posterior(top, genre), predicted=True)
    compared.add(JAZZ, posterior(0.9, ROCK), predicted=False)
    assert (compared.clips, compared.right, compared.unpredicted) == (3, 2, 1)
    assert compared.confusion[ROCK, JAZZ] == 1
    assert compared.genres() == [JAZZ, ROCK]
    # -(ln 0.9 + ln(0.38 / 15) + ln 0.64) / 3
    assert compared.log_loss == pytest.approx(1.4091, abs=1e-4)
    found = np.array(compared.reliability())
    np.testing.assert_allclose(found, [(2, 0.63, 0.5), (1, 0.9, 1)])
