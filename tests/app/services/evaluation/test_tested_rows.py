"""What the results of a run are about, in words and for intervals."""

import pytest

from app.intervals import wilson
from app.services.evaluation import tested_rows

SPLIT = {"test_rows": 700}
FOLDED = {"test_rows": 250, "cross_validation": {"folds": 5, "rows": 250, "factor": 2.25}}


def test_rows_are_named_by_how_they_were_held_out() -> None:
    assert tested_rows.rows_words(SPLIT) == "700 test rows"
    assert tested_rows.rows_words(FOLDED) == "250 rows, 5-fold cross-validated"
    assert tested_rows.sentences_words(SPLIT) == "700 test sentences"
    assert tested_rows.sentences_words(FOLDED) == "250 sentences, 5-fold cross-validated"


def test_intervals_are_wider_where_models_share_rows() -> None:
    assert tested_rows.interval(0.9, SPLIT) == wilson(0.9, 700)
    assert tested_rows.interval(0.9, FOLDED) == wilson(0.9, 250, 2.25)
    assert tested_rows.interval(0.5, FOLDED, 20) == pytest.approx(wilson(0.5, 20, 2.25))
    assert (tested_rows.folds(SPLIT), tested_rows.variance_factor({})) == (0, 1.0)
