"""Calibration of a classifier: whether its confidence matches its accuracy, and what abstaining below a threshold gains."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from app.catalog.task_types import task_type
from app.db import snapshot
from app.errors import Conflict
from app.intervals import wilson
from app.languages import gettext as _
from app.models import Prediction
from app.services.evaluation import tested_rows
from app.services.evaluation.statistics import bin_indices, calibration_error
from app.services.runs import runs

BINS = 10
THRESHOLDS = 100


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies from ``low`` to ``high``; None for what an empty bin cannot say."""

    low: float
    high: float
    rows: int
    confidence: float | None
    accuracy: float | None
    interval: list[float] | None


@dataclass(frozen=True)
class LabelScores:
    """Precision of the answers given with a label, recall among all its rows; None where there is nothing to divide by."""

    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Threshold:
    """What happens when only answers of at least this confidence are given."""

    threshold: float
    answered: int
    right: int
    labels: dict[str, LabelScores]


@dataclass(frozen=True)
class Calibration:
    """Confidence against accuracy on the test rows.

    Attributes:
        error: the expected calibration error (Naeini et al. 2015).
        interval: 95 % interval of the accuracy.
    """

    rows: int
    error: float
    confidence: float
    accuracy: float
    interval: list[float]
    bins: list[ReliabilityBin]
    thresholds: list[Threshold]

    def as_dict(self) -> dict[str, Any]:
        """The calibration as JSON."""
        return asdict(self)


def measure(user_id: str, run_id: str) -> Calibration:
    """The calibration of one's own run.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it has no answers yet, or answers without probabilities.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        task, labels = run.task_type, (run.results or {}).get("labels") or []
        factor = tested_rows.variance_factor(run.results or {})
        query = select(Prediction.expected, Prediction.answer, Prediction.score)
        rows = session.execute(query.where(Prediction.run_id == run_id, Prediction.split == "test")).all()
    if not rows:
        raise Conflict(
            "no_answers", _("This run has not answered its test rows yet."), _("Wait until it has finished.")
        )
    if task_type(task).answer_form != "label" or not all(0 <= score <= 1 for _, _, score in rows):
        raise Conflict(
            "no_probabilities",
            _("Answers of the task {task} carry no probability.", task=repr(task)),
            _("Look at the examples instead."),
        )
    expected, answers, scores = (list(column) for column in zip(*rows, strict=True))
    right = [answer == truth for answer, truth in zip(answers, expected, strict=True)]
    return Calibration(
        rows=len(rows),
        error=calibration_error(scores, right, BINS),
        confidence=float(np.mean(scores)),
        accuracy=sum(right) / len(rows),
        interval=list(wilson(sum(right) / len(rows), len(rows), factor)),
        bins=reliability(scores, right, factor=factor),
        thresholds=abstention(expected, answers, scores, labels if len(labels) == 2 else []),
    )


def reliability(
    scores: Sequence[float], right: Sequence[bool], bins: int = BINS, factor: float = 1.0
) -> list[ReliabilityBin]:
    """The reliability diagram: equal-width bins of the confidence with the accuracy of their answers.

    Args:
        factor: by which the variance exceeds that of independent answers.
    """
    confidence, is_right = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    bin_of = bin_indices(confidence, bins)
    return [
        _bin(index / bins, (index + 1) / bins, confidence[bin_of == index], is_right[bin_of == index], factor)
        for index in range(bins)
    ]


def _bin(
    low: float, high: float, confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], factor: float
) -> ReliabilityBin:
    rows = len(right)
    if not rows:
        return ReliabilityBin(low, high, 0, None, None, None)
    accuracy = float(right.mean())
    return ReliabilityBin(low, high, rows, float(confidence.mean()), accuracy, list(wilson(accuracy, rows, factor)))


def abstention(
    expected: Sequence[str], answers: Sequence[str], scores: Sequence[float], labels: Sequence[str] = ()
) -> list[Threshold]:
    """Answered and right rows at the thresholds 0, 0.01, … 1.

    Args:
        labels: for which precision and recall are wanted.
    """
    truth, answer = np.asarray(expected, dtype=object), np.asarray(answers, dtype=object)
    confidence = np.asarray(scores, dtype=float)
    right = np.asarray(truth == answer, dtype=bool)
    found = []
    for step in range(THRESHOLDS + 1):
        # Slightly below, so that a confidence of exactly the threshold counts however it was rounded.
        answered = confidence >= step / THRESHOLDS - 1e-9
        by_label = {label: _label_scores(truth == label, (answer == label) & answered) for label in labels}
        found.append(Threshold(step / THRESHOLDS, int(answered.sum()), int((answered & right).sum()), by_label))
    return found


def _label_scores(wanted: npt.NDArray[np.bool_], given: npt.NDArray[np.bool_]) -> LabelScores:
    hits, n_given, n_wanted = int((wanted & given).sum()), int(given.sum()), int(wanted.sum())
    return LabelScores(hits / n_given if n_given else None, hits / n_wanted if n_wanted else None)
