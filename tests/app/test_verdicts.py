"""Each verdict rule fires on the numbers it is for, and stays silent on an ordinary run."""

import math
from typing import Any

from app.intervals import overlap, wilson
from app.models import CANCELLED, FAILED, RUNNING, SUCCEEDED, Job, Run
from app.services.evaluation import verdicts

FALLING = [[step, 3.0 * 0.97**step + 0.2] for step in range(1, 101)]


def _run(state: str = SUCCEEDED, *, error: dict[str, Any] | None = None, **results: Any) -> Run:
    job = Job(state=state, error=error, progress={})
    return Run(name="r", job=job, spec={"training": {"max_length": 128}}, results=results or None)


def _tested(tuned: float, probe: float, rows: int, majority: float = 0.1) -> Run:
    return _run(
        metrics={"accuracy": tuned},
        baseline={"majority": {"accuracy": majority}, "linear_probe": {"accuracy": probe}},
        intervals={"accuracy": list(wilson(tuned, rows))},
        test_rows=rows,
    )


def _titles(run: Run, points: dict[str, Any] | None = None) -> str:
    return " | ".join(verdict["title"] for verdict in verdicts.judge(run, points or {}))


def test_a_healthy_run_that_still_trains_gets_no_verdict() -> None:
    points = {"train/loss": FALLING, "eval/loss": [[50, 0.9], [100, 0.5]], "eval/accuracy": [[50, 0.8], [100, 0.9]]}
    assert verdicts.judge(_run(RUNNING), points) == []


def test_a_failed_run_says_its_error_and_hint_first() -> None:
    error = {"error": {"code": "out_of_memory", "message": "Memory ran out.", "hint": "Use smaller portions."}}
    first = verdicts.judge(_run(FAILED, error=error), {"train/loss": [[1, 2.0], [7, 1.5]]})[0]
    assert first["severity"] == "error"
    assert first["title"] == "Memory ran out."
    assert first["tip"] == "Use smaller portions."
    assert "step 7" in first["evidence"]


def test_a_failed_run_without_a_stored_error_still_has_words() -> None:
    first = verdicts.judge(_run(FAILED), {})[0]
    assert first["title"] and first["tip"]


def test_a_cancelled_run_points_to_resume() -> None:
    assert "Resume" in verdicts.judge(_run(CANCELLED), {"train/loss": [[3, 1.0]]})[0]["tip"]


def test_a_loss_that_is_not_a_number_names_the_first_step() -> None:
    for bad in (math.nan, math.inf, None):
        assert "step 12" in _titles(_run(RUNNING), {"train/loss": [[11, 1.0], [12, bad], [13, bad]]})


def test_a_loss_above_where_it_began_is_divergence() -> None:
    rising = [[step, 2.0 if step < 40 else 0.5 if step < 60 else 8.0] for step in range(1, 101)]
    assert "running away" in _titles(_run(RUNNING), {"train/loss": rising})


def test_a_small_loss_that_jitters_is_not_divergence() -> None:
    jitter = [[step, 2.0 if step < 10 else 0.01 + 0.05 * (step % 2)] for step in range(1, 201)]
    assert "running away" not in _titles(_run(RUNNING), {"train/loss": jitter})


def test_no_better_than_the_commonest_label_is_an_error() -> None:
    assert "learned nothing" in _titles(_tested(0.50, 0.80, 1000, majority=0.50))


def test_no_better_than_the_linear_probe_is_a_warning() -> None:
    assert "did not improve" in _titles(_tested(0.930, 0.930, 3080))


def test_overlapping_intervals_are_called_unclear_and_separate_ones_clear() -> None:
    assert "intervals overlap" in _titles(_tested(0.935, 0.930, 3080))
    assert "Clearly better" in _titles(_tested(0.95, 0.90, 3080))


def test_few_test_rows_are_said_to_be_too_few() -> None:
    assert "Too few test rows" in _titles(_tested(0.9, 0.5, 40))
    assert "Too few test rows" not in _titles(_tested(0.9, 0.5, 3080))


def test_rising_evaluation_loss_under_a_falling_train_loss_is_memorising() -> None:
    checks = [[25, 0.9], [50, 0.6], [75, 0.7], [100, 0.8]]
    assert "memorise" in _titles(_run(RUNNING), {"train/loss": FALLING, "eval/loss": checks})
    assert "memorise" not in _titles(_run(RUNNING), {"train/loss": FALLING, "eval/loss": checks[:2]})


def test_a_plateau_names_the_step_that_is_kept() -> None:
    checks = [[10, 0.80], [20, 0.93], [30, 0.92], [40, 0.93]]
    assert "step 20" in _titles(_run(RUNNING), {"eval/accuracy": checks})


def test_many_cut_rows_are_told() -> None:
    assert "were cut" in _titles(_run(cut_rows=60, train_rows=1000))
    assert "were cut" not in _titles(_run(cut_rows=4, train_rows=1000))


def test_the_most_severe_verdict_comes_first() -> None:
    found = verdicts.judge(_tested(0.1, 0.1, 30, majority=0.5), {})
    assert [each["severity"] for each in found] == sorted(
        (each["severity"] for each in found), key=verdicts.SEVERITIES.index
    )


def test_wilson_matches_published_values() -> None:
    low, high = wilson(0.8, 10)  # Newcombe 1998, table I: 8 of 10
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(1.0, 0) == (0.0, 1.0)
    assert overlap((0.1, 0.3), (0.3, 0.5)) and not overlap((0.1, 0.2), (0.3, 0.5))


def test_what_was_forgotten_is_told_from_the_amber_limit_on() -> None:
    loss = {
        "unit": "loss",
        "before": 2.0,
        "after": 2.3,
        "rows": 56,
        "task": "how well it foresees texts",
        "level": "red",
    }
    (told,) = verdicts.judge(_run(forgetting=loss), {})
    assert told["severity"] == "warning" and "lost much" in told["title"] and "2.000 to 2.300" in told["evidence"]
    share = {
        "unit": "share",
        "before": 0.9,
        "after": 0.86,
        "rows": 160,
        "task": "whether words changed",
        "level": "amber",
    }
    assert "lost some" in _titles(_run(forgetting=share))
    assert verdicts.judge(_run(forgetting={**share, "level": "kept"}), {}) == []
