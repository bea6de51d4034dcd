"""Only probabilities are written."""

from pathlib import Path

import numpy as np
import pytest

from model.clips import Clip, Found
from model.errors import GenreError
from model.options import Options
from model.results import Prediction, Result
from model.run.results import make_result
from model.run.tables import write_table

EVEN = (1 / 16,) * 16
CLIP = Clip("a", "a.mp3")


def test_values_that_are_no_probabilities_give_way_to_the_prior() -> None:
    training_prior = np.full(16, 1 / 16)
    training_prior[0] = 5e-324  # the quotient of the priors is infinite
    with np.errstate(all="ignore"):
        result = make_result(CLIP, Prediction(EVEN), training_prior, np.array(EVEN))
    assert (result.probabilities, result.predicted) == (EVEN, False)
    assert [notice.reason for notice in result.notices] == ["failure"]


def test_the_writer_refuses_what_is_no_probability(tmp_path: Path) -> None:
    output = tmp_path / "o.csv"
    options = Options(("x",), output, "prior")
    with pytest.raises(GenreError, match="a: not written: Blues is nan"):
        write_table(options, Found((CLIP,), ()), [Result(CLIP, (float("nan"),) * 16, True)])
    assert not list(tmp_path.iterdir())
