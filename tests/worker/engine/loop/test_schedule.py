"""Steps, evaluations and learning rates of a run."""

import pytest
import torch

from tests.tiny import make_spec
from worker.engine.loop.schedule import MAX_POINTS, Schedule, make_optimizer


def make_schedule(rows: int, rate: float = 1e-3, **training: object) -> Schedule:
    return Schedule(make_spec(**training).training, rows, rate)


def test_the_last_step_is_always_evaluated() -> None:
    schedule = make_schedule(20, batch_size=8, epochs=2.5, evaluations_per_epoch=1)
    assert (schedule.steps_per_epoch, schedule.total) == (3, 8)
    assert schedule.evaluations == {3, 6, 8}


def test_the_rate_climbs_over_the_warm_up_and_falls_to_the_end() -> None:
    schedule = make_schedule(800, batch_size=8, epochs=1, warmup_ratio=0.1)
    rates = [schedule.learning_rate(step) for step in range(1, schedule.total + 1)]
    assert rates.index(max(rates)) + 1 in (9, 10, 11)
    assert max(rates) <= 1e-3 and rates[-1] == pytest.approx(1e-3 / schedule.total)


@pytest.mark.parametrize(("rows", "steps"), [(24, 1), (240, 10), (480, 20), (2400, 20), (8000, 60)])
def test_without_a_ratio_short_runs_warm_up_over_some_steps(rows: int, steps: int) -> None:
    schedule = make_schedule(rows, batch_size=8, epochs=1)
    rates = [schedule.learning_rate(step) for step in range(1, schedule.total + 1)]
    assert rates.index(max(rates)) + 1 == steps
    assert rates[0] <= 1e-3 / steps


def test_a_long_run_logs_a_bounded_number_of_points() -> None:
    schedule = make_schedule(80_000, batch_size=8, epochs=2)
    assert schedule.total / schedule.log_gap <= MAX_POINTS


def test_biases_and_norms_are_not_decayed_and_rate_factors_are_kept() -> None:
    layer = torch.nn.Linear(3, 2)
    optimizer = make_optimizer(layer, make_spec().training, lambda name: 4.0 if name == "weight" else 1.0)
    groups = {group["rate_factor"]: group for group in optimizer.param_groups}
    assert groups[1.0]["weight_decay"] == 0.0 and groups[1.0]["params"] == [layer.bias]
    assert groups[4.0]["weight_decay"] == make_spec().training.weight_decay and groups[4.0]["params"] == [layer.weight]
