"""Calibration and abstention against values computed by hand."""

from pathlib import Path

import pytest

from app.errors import Conflict, NotFound
from app.services.evaluation import calibration
from app.services.evaluation.calibration import LabelScores
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


def test_bins_hold_confidence_and_accuracy() -> None:
    """0.95, 0.91 (both right) share a bin, 0.62 (wrong) and 0.68 (right) another, 1.0 belongs to the highest."""
    bins = calibration.reliability([0.95, 0.91, 0.62, 0.68, 1.0], [True, True, False, True, False])
    assert [bin.rows for bin in bins] == [0, 0, 0, 0, 0, 0, 2, 0, 0, 3]
    top, low = bins[9], bins[6]
    assert (top.confidence, top.accuracy) == (pytest.approx(2.86 / 3), pytest.approx(2 / 3))
    assert (low.confidence, low.accuracy) == (pytest.approx(0.65), 0.5)
    assert bins[0].accuracy is None and low.interval[0] < 0.5 < low.interval[1]


def test_expected_error_weights_bins_by_their_rows(studio_home: Path, owner: str) -> None:
    """100 rows, certainties 0.60 ... 0.96 by the last digit; rows 0 to 69 right.

    Ten rows of each certainty, seven of them right: |0.62 - 0.7| x 30 (0.60, 0.64, 0.68 in one bin: mean 0.64),
    0.72 and 0.76 (mean 0.74), 0.80, 0.84, 0.88 (mean 0.84), 0.92 and 0.96 (mean 0.94), weighted 30, 20, 30, 20.
    """
    run = make_run(owner)
    end_run(run.id, rows_right(70, 100), rows_right(50, 100))
    measured = calibration.measure(owner, run.id)
    by_hand = (30 * abs(0.64 - 0.7) + 20 * abs(0.74 - 0.7) + 30 * abs(0.84 - 0.7) + 20 * abs(0.94 - 0.7)) / 100
    assert measured.error == pytest.approx(by_hand)
    assert measured.rows == 100 and measured.accuracy == pytest.approx(0.7)
    assert measured.confidence == pytest.approx(0.78)


def test_threshold_trades_answers_for_accuracy() -> None:
    expected = ["yes", "yes", "no", "no", "yes"]
    answers = ["yes", "no", "no", "yes", "yes"]
    scores = [0.9, 0.55, 0.8, 0.6, 0.7]
    thresholds = calibration.abstention(expected, answers, scores, ["no", "yes"])
    found = {threshold.threshold: threshold for threshold in thresholds}
    assert (found[0.0].answered, found[0.0].right) == (5, 3)
    assert found[0.0].labels["yes"] == LabelScores(pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (found[0.7].answered, found[0.7].right) == (3, 3)  # exactly 0.7 is still answered
    assert found[0.7].labels == {"no": LabelScores(1.0, 0.5), "yes": LabelScores(1.0, pytest.approx(2 / 3))}
    assert found[1.0].answered == 0 and found[1.0].labels["no"] == LabelScores(None, 0.0)


def test_runs_without_answers_and_of_other_people_are_refused(studio_home: Path, owner: str) -> None:
    run = make_run(owner)
    with pytest.raises(Conflict, match="not answered"):
        calibration.measure(owner, run.id)
    with pytest.raises(NotFound):
        calibration.measure(make_user(), run.id)
