"""What makes a checkpoint another run's, and what a resumed run may change."""

from importlib.metadata import version

import pytest

from tests.tiny import make_spec
from worker.engine.loop.checkpoint_identity import differences, identify
from worker.engine.runtime.training_job import TrainingJob


def identity(job: TrainingJob) -> dict[str, str]:
    return identify(job.spec, job.base)


@pytest.mark.parametrize(
    "changed", [{"epochs": 9}, {"time_limit_minutes": 5}, {"accumulation": 2}, {"gradient_checkpointing": True}]
)
def test_length_of_a_run_and_the_cut_of_its_work_may_change(make_job, changed: dict) -> None:
    assert differences(identity(make_job()), identity(make_job(make_spec(**changed)))) == []


def test_each_changed_setting_is_named_with_both_values(make_job) -> None:
    other = make_spec({"kind": "lora", "rank": 8}, seed=9)
    assert differences(identity(make_job()), identity(make_job(other))) == [
        "method.rank: 4 then, 8 now",
        "training.seed: 0 then, 9 now",
    ]


def test_libraries_and_the_weights_of_the_base_model_are_part_of_it(make_job) -> None:
    job = make_job()
    assert identity(job)["torch version"] == version("torch")
    assert identity(job)["base model"] == f"{job.base.name} {job.base.weights_sha256}"


def test_precision_of_the_base_model_counts_only_where_the_method_does_not_set_it(make_job) -> None:
    assert "base precision" not in identity(make_job(make_spec({"kind": "qlora"})))
    held = identity(make_job(make_spec({"kind": "lora"}, base_precision="4-bit")))
    assert held["base precision"] == "nf4"
    assert differences(identity(make_job(make_spec({"kind": "lora"}))), held) == [
        "base precision: nothing then, nf4 now"
    ]


def test_long_values_are_shortened_to_40_characters() -> None:
    (line,) = differences({"labels": "x" * 41}, {"labels": "y" * 40})
    assert line == f"labels: {'x' * 37}... then, {'y' * 40} now"


def test_setting_that_was_once_part_of_the_identity_is_ignored_in_an_old_checkpoint() -> None:
    assert differences({"training.epochs": "2", "data": "a"}, {"data": "a"}) == []
