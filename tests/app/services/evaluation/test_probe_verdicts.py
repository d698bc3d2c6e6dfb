"""The verdict on a run whose result is the linear probe that it started from."""

from typing import Any

from app.models import RUNNING, Run
from app.services.evaluation import verdicts
from app.services.evaluation.probe_verdicts import kept
from tests.app.services.evaluation.runs_of_all_kinds import entities, labels

PROBE: dict[str, Any] = {"start_validation": {"loss": 0.25}, "best_step": 0}
POINTS = {
    "train/learning_rate": [[1, 3e-3]],
    "eval/loss": [[0, 0.25], [10, 0.9], [20, 0.6], [30, 0.7]],
    "eval/accuracy": [[0, 0.98], [10, 0.7], [20, 0.8], [30, 0.8]],
}


def classifier(**results: Any) -> Run:
    return labels(680, 700, majority=100, probe=(0, 0), total_steps=30, **results)


def test_what_was_found_is_reported_once_with_a_lower_rate_as_remedy() -> None:
    found = kept(classifier(**PROBE), POINTS)
    assert found is not None and "probe's weights are kept" in found.title
    assert found.evidence == "Evaluation loss was 0.25 before the first step, and 0.6 at the best of 3 later checks."
    assert found.remedy is not None and found.remedy.training == {"learning_rate": 0.001}
    titles = [verdict.title for verdict in verdicts.assess(classifier(**PROBE), POINTS)]
    assert sum("probe" in title for title in titles) == 1
    assert not any("stopped improving" in title or "Overfitting" in title for title in titles)


def test_a_run_that_improved_or_still_works_or_began_elsewhere_is_not_told_so() -> None:
    assert kept(classifier(**{**PROBE, "best_step": 10}), POINTS) is None
    assert kept(classifier(best_step=0), POINTS) is None
    working = classifier(**PROBE)
    working.job.state = RUNNING
    assert kept(working, POINTS) is None


def test_entities_are_reported_so_too() -> None:
    titles = [verdict.title for verdict in verdicts.assess(entities(0.9, (0.88, 0.92), **PROBE), {})]
    assert sum("probe" in title for title in titles) == 1
