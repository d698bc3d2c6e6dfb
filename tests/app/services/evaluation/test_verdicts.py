"""Each verdict rule fires on its numbers and stays silent on an ordinary run."""

import math
from typing import Any

from app.intervals import wilson
from app.models import CANCELLED, FAILED, RUNNING, SUCCEEDED, Job, Run
from app.services.evaluation import verdicts

FALLING = [[step, 3.0 * 0.97**step + 0.2] for step in range(1, 101)]


def _run(state: str = SUCCEEDED, *, error: dict[str, Any] | None = None, **results: Any) -> Run:
    job = Job(state=state, error=error, progress={})
    return Run(
        name="r",
        task_type="text-classification",
        job=job,
        spec={"training": {"max_length": 128}},
        results=results or None,
    )


def _tested(tuned: float, probe: float, rows: int, majority: float = 0.1) -> Run:
    return _run(
        metrics={"accuracy": tuned},
        baseline={"majority": {"accuracy": majority}, "linear_probe": {"accuracy": probe}},
        intervals={"accuracy": list(wilson(tuned, rows))},
        test_rows=rows,
    )


def _titles(run: Run, points: dict[str, Any] | None = None) -> str:
    return " | ".join(verdict.title for verdict in verdicts.assess(run, points or {}))


def test_healthy_running_run_gets_no_verdict() -> None:
    points = {"train/loss": FALLING, "eval/loss": [[50, 0.9], [100, 0.5]], "eval/accuracy": [[50, 0.8], [100, 0.9]]}
    assert verdicts.assess(_run(RUNNING), points) == []


def test_failed_run_shows_its_error_and_hint_first() -> None:
    error = {"error": {"code": "out_of_memory", "message": "Memory ran out.", "hint": "Use smaller portions."}}
    first = verdicts.assess(_run(FAILED, error=error), {"train/loss": [[1, 2.0], [7, 1.5]]})[0]
    assert first.severity == "error"
    assert first.title == "Memory ran out."
    assert first.tip == "Use smaller portions."
    assert "step 7" in first.evidence


def test_failed_run_without_stored_error_has_title_and_tip() -> None:
    first = verdicts.assess(_run(FAILED), {})[0]
    assert first.title and first.tip


def test_cancelled_run_points_to_resume() -> None:
    assert "Resume" in verdicts.assess(_run(CANCELLED), {"train/loss": [[3, 1.0]]})[0].tip


def test_nan_loss_names_the_first_step() -> None:
    for bad in (math.nan, math.inf, None):
        assert "step 12" in _titles(_run(RUNNING), {"train/loss": [[11, 1.0], [12, bad], [13, bad]]})


def test_loss_above_its_first_value_is_divergence() -> None:
    rising = [[step, 2.0 if step < 40 else 0.5 if step < 60 else 8.0] for step in range(1, 101)]
    assert "Training diverged" in _titles(_run(RUNNING), {"train/loss": rising})


def test_noisy_small_loss_is_not_divergence() -> None:
    jitter = [[step, 2.0 if step < 10 else 0.01 + 0.05 * (step % 2)] for step in range(1, 201)]
    assert "Training diverged" not in _titles(_run(RUNNING), {"train/loss": jitter})


def test_accuracy_at_the_majority_class_baseline_is_an_error() -> None:
    assert "No better than the majority class" in _titles(_tested(0.50, 0.80, 1000, majority=0.50))


def test_accuracy_at_the_linear_probe_is_a_warning() -> None:
    assert "did not improve" in _titles(_tested(0.930, 0.930, 3080))


def test_overlapping_intervals_are_unclear_and_separate_ones_clear() -> None:
    assert "intervals overlap" in _titles(_tested(0.935, 0.930, 3080))
    assert "Clearly better than the linear probe on the base model" in _titles(_tested(0.95, 0.90, 3080))


def test_wide_interval_warns_of_too_few_test_rows() -> None:
    assert "Too few test rows" in _titles(_tested(0.9, 0.5, 40))
    assert "Too few test rows" not in _titles(_tested(0.9, 0.5, 3080))


def test_rising_evaluation_loss_under_falling_train_loss_is_overfitting() -> None:
    checks = [[25, 0.9], [50, 0.6], [75, 0.7], [100, 0.8]]
    assert "Overfitting" in _titles(_run(RUNNING), {"train/loss": FALLING, "eval/loss": checks})
    assert "Overfitting" not in _titles(_run(RUNNING), {"train/loss": FALLING, "eval/loss": checks[:2]})


def test_plateau_of_the_checks_names_the_kept_step() -> None:
    checks = [[10, 0.80], [20, 0.93], [30, 0.92], [40, 0.93]]
    assert "step 20" in _titles(_run(RUNNING), {"eval/accuracy": checks})


def test_many_truncated_rows_are_reported() -> None:
    assert "were cut" in _titles(_run(cut_rows=60, train_rows=1000))
    assert "were cut" not in _titles(_run(cut_rows=4, train_rows=1000))


def test_the_most_severe_verdict_comes_first() -> None:
    found = verdicts.assess(_tested(0.1, 0.1, 30, majority=0.5), {})
    severities = [verdict.severity for verdict in found]
    assert len(severities) > 2 and severities == sorted(severities, key=verdicts.SEVERITIES.index)


def test_perfect_accuracy_offers_no_wrong_answers_to_look_through() -> None:
    def tip(accuracy: float) -> str:
        found = verdicts.assess(_tested(accuracy, 0.5, 3080), {})
        return next(verdict.tip for verdict in found if verdict.severity == "good")

    assert "wrong answers" in tip(0.99)
    assert "wrong answers" not in tip(1.0)


def test_perfect_baseline_leaves_nothing_to_improve() -> None:
    assert "already answers every test row right" in _titles(_tested(1.0, 1.0, 3080))
