"""Other ends than the last update: patience, time limits, smaller portions, a full disk, more passes for a finished run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from app.errors import StudioError
from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport


def test_patience_ends_a_run_that_gets_no_better_and_keeps_the_best(make_job) -> None:
    job, report = make_job(make_spec(epochs=40, patience=2, learning_rate=1e-9)), ListReport()
    results = train(job, report)
    steps = [step for step, _ in report.curve("eval/loss")]
    assert len(steps) < 40 and report.curve("train/loss")[-1][0] == steps[-1]
    assert steps.index(results["best_step"]) == len(steps) - 3
    assert any("Stopped early" in event["message"] for event in report.events)


def test_a_time_limit_ends_with_the_best_so_far(make_job) -> None:
    job, report = make_job(make_spec(epochs=100, time_limit_minutes=0.001)), ListReport()
    results = train(job, report)
    assert report.curve("train/loss")[-1][0] < results["total_steps"]
    assert report.curve("eval/loss"), "where it ended it is checked, so that there is a best"
    assert any("time limit" in event["message"] for event in report.events)


def test_the_operators_limit_stops_and_keeps_a_checkpoint(make_job) -> None:
    job = replace(make_job(make_spec(epochs=100)), max_seconds=0.01)
    with pytest.raises(StudioError, match="hours of training") as refused:
        train(job, ListReport())
    assert refused.value.code == "time_limit"
    assert list((job.folder / "checkpoints").glob("step-*/manifest.json"))


def test_smaller_portions_learn_the_same(make_job) -> None:
    def learned(portions: int) -> tuple[dict[str, torch.Tensor], list[float]]:
        # Dropout draws for each portion, so it is off here: everything else is the same arithmetic.
        spec = make_spec({"kind": "lora", "rank": 4, "dropout": 0.0}, head_start="random", epochs=1)
        job, report = replace(make_job(spec), portions=portions), ListReport()
        train(job, report)
        return load_file(job.folder / "adapter" / "adapter_model.safetensors"), [
            value for _, value in report.curve("train/loss")
        ]

    (_, whole), (_, cut) = learned(1), learned(4)
    # The base's own dropout is drawn per portion; the first loss shows the same rows, the curve the same course.
    assert len(whole) == len(cut)
    assert cut == pytest.approx(whole, rel=0.15)


def test_a_nearly_full_disk_is_reported_before_anything_is_written(make_job) -> None:
    job = replace(make_job(), free_disk_bytes=10**18)
    with pytest.raises(StudioError, match="The disk is full") as refused:
        train(job, ListReport())
    assert refused.value.code == "disk_full"
    assert not list((job.folder / "checkpoints").glob("*"))


def test_a_finished_run_goes_on_for_more_passes(make_job) -> None:
    first, report = make_job(make_spec(epochs=2)), ListReport()
    train(first, report)
    last = report.curve("train/loss")[-1][0]
    checkpoint: Path = first.folder / "checkpoints" / f"step-{last}"
    more, report = make_job(make_spec(epochs=4), resume_from=checkpoint), ListReport()
    results = train(more, report)
    assert [step for step, _ in report.curve("train/loss")] == list(range(last + 1, 2 * last + 1))
    assert results["total_steps"] == 2 * last
