"""Whether the certainty of a classifier can be believed, and what is gained by not answering when it is low.

``measured`` reads stored answers; the arithmetic is pure. Knows no page and no model.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import select

from app.catalog.task_types import task_type
from app.db import snapshot
from app.errors import Conflict
from app.intervals import wilson
from app.models import Prediction
from app.services.evaluation.statistics import calibration_error
from app.services.runs import runs

BINS = 10
STEPS = 100


def measured(user_id: str, run_id: str) -> dict[str, Any]:
    """Certainty against truth on the test rows of one's own run.

    Returns:
        ``{"rows", "error", "confidence", "accuracy", "bins", "thresholds"}``: ``error`` is the expected calibration
        error (Naeini et al. 2015, ten equal bins), the rest as :func:`reliability` and :func:`abstention` return it.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it has no answers yet, or answers without probabilities.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        task, labels = run.task_type, (run.results or {}).get("labels") or []
        query = select(Prediction.expected, Prediction.answer, Prediction.score)
        rows = session.execute(query.where(Prediction.run_id == run_id, Prediction.split == "test")).all()
    if not rows:
        raise Conflict("no_answers", "This run has not answered its test rows yet.", "Wait until it has finished.")
    if task_type(task).primary_metric != "accuracy" or not all(0 <= score <= 1 for _, _, score in rows):
        raise Conflict(
            "no_probabilities", f"Answers of the task {task!r} carry no probability.", "Look at the examples instead."
        )
    expected, answers, scores = (list(column) for column in zip(*rows, strict=True))
    right = [one == other for one, other in zip(expected, answers, strict=True)]
    return {
        "rows": len(rows),
        "error": calibration_error(scores, right, BINS),
        "confidence": float(np.mean(scores)),
        "accuracy": sum(right) / len(rows),
        "bins": reliability(scores, right),
        "thresholds": abstention(expected, answers, scores, labels if len(labels) == 2 else []),
    }


def reliability(scores: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[dict[str, Any]]:
    """Equal bins of the stated certainty: ``{"low", "high", "rows", "confidence", "accuracy", "interval"}``.

    A score on a border belongs to the higher bin, 1 to the highest. Empty bins have None for what cannot be said.
    """
    given, truth = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    places = np.minimum((given * bins).astype(int), bins - 1)
    told = []
    for place in range(bins):
        here = places == place
        rows = int(here.sum())
        share = float(truth[here].mean()) if rows else None
        told.append(
            {
                "low": place / bins,
                "high": (place + 1) / bins,
                "rows": rows,
                "confidence": float(given[here].mean()) if rows else None,
                "accuracy": share,
                "interval": list(wilson(share, rows)) if share is not None else None,
            }
        )
    return told


def abstention(
    expected: Sequence[str], answers: Sequence[str], scores: Sequence[float], labels: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What happens when only answers of at least a certainty are given, for 0, 0.01, … 1.

    Each entry: ``{"threshold", "answered", "right", "labels": {label: {"precision", "recall"}}}``. Precision is the share
    of the answers given with this label that are right; recall the share of all rows of this label, answered or not,
    that got it. Either is None where there is nothing to divide by.
    """
    truth, given = np.asarray(expected, dtype=object), np.asarray(answers, dtype=object)
    certainty = np.asarray(scores, dtype=float)
    right = truth == given
    told = []
    for step in range(STEPS + 1):
        # A hair below, so that a certainty of exactly the threshold counts however it was rounded.
        kept = certainty >= step / STEPS - 1e-9
        each = {label: _label_scores(truth == label, (given == label) & kept) for label in labels}
        told.append(
            {
                "threshold": step / STEPS,
                "answered": int(kept.sum()),
                "right": int((kept & right).sum()),
                "labels": each,
            }
        )
    return told


def _label_scores(wanted: "np.ndarray", given: "np.ndarray") -> dict[str, float | None]:
    hits, named, there = int((wanted & given).sum()), int(given.sum()), int(wanted.sum())
    return {"precision": hits / named if named else None, "recall": hits / there if there else None}
