"""A run that is interrupted and continues ends with bitwise the same adapter as one that never stopped."""

import json
import shutil
from pathlib import Path

import pytest

from app.errors import StudioError
from app.run_report import Stopped
from tests.methods.choice import every
from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

FILES = ("adapter_model.safetensors", "head.safetensors")


def learned(job: TrainingJob) -> list[bytes]:
    return [(job.folder / "adapter" / name).read_bytes() for name in FILES]


def stop(job: TrainingJob, step: int) -> Path:
    with pytest.raises(Stopped):
        train(job, ListReport(stop_at=step))
    return job.folder / "checkpoints" / f"step-{step}"


# Before and after the first evaluation, and within the second pass; dropout is on, so random state matters.
@pytest.mark.parametrize("step", [1, 6, 8])
def test_stopped_and_resumed_equals_its_uninterrupted_twin(make_job, step: int) -> None:
    twin = make_job()
    train(twin, ListReport())
    checkpoint = stop(make_job(), step)
    resumed, report = make_job(resume_from=checkpoint), ListReport()
    train(resumed, report)
    assert learned(resumed) == learned(twin)
    assert report.curve("train/loss")[0][0] == step + 1
    assert (resumed.folder / "predictions.jsonl").read_bytes() == (twin.folder / "predictions.jsonl").read_bytes()
    seconds = json.loads((resumed.folder / "result.json").read_text(encoding="utf-8"))["seconds"]
    earlier = seconds["training"] - seconds["phases"]["Training"]
    assert seconds["total"] >= sum(seconds["phases"].values()) + max(0.0, earlier) - 0.01


@pytest.mark.parametrize("step", [0, 8])
def test_a_resumed_run_that_keeps_the_probe_equals_its_twin(make_job, step: int) -> None:
    spec = make_spec(learning_rate=1.0)
    twin = make_job(spec)
    best = train(twin, ListReport())
    stopped = make_job(spec)
    stop(stopped, 8)
    resumed, report = make_job(spec, resume_from=stopped.folder / "checkpoints" / f"step-{step}"), ListReport()
    results = train(resumed, report)
    assert best["best_step"] == results["best_step"] == 0
    assert best["start_validation"] == results["start_validation"]
    assert learned(resumed) == learned(twin)
    assert (resumed.folder / "predictions.jsonl").read_bytes() == (twin.folder / "predictions.jsonl").read_bytes()
    # The probe is scored once, by whoever comes first.
    assert report.curve("eval/loss")[0][0] == (6 if step == 0 else 12)


@pytest.mark.parametrize("kind", [entry for entry in every() if entry not in ("lora", "bottleneck-adapter")])
def test_every_method_resumes_as_its_uninterrupted_twin(make_job, kind: str) -> None:
    """In the middle of the second pass, with all that the method itself remembers."""
    spec = make_spec({"kind": kind})
    twin = make_job(spec)
    train(twin, ListReport())
    resumed = make_job(spec, resume_from=stop(make_job(spec), 8))
    train(resumed, ListReport())
    files = sorted(path.name for path in (twin.folder / "adapter").glob("*.safetensors"))
    assert files
    for name in files:
        assert (resumed.folder / "adapter" / name).read_bytes() == (twin.folder / "adapter" / name).read_bytes(), name


def test_the_best_checkpoint_comes_along(make_job) -> None:
    checkpoint = stop(make_job(), 8)
    resumed, report = make_job(resume_from=checkpoint), ListReport()
    train(resumed, report)
    assert report.checkpoints[0].name in {"step-6", "step-12"}
    assert all(path.is_relative_to(resumed.folder) for path in report.checkpoints)


def test_damaged_best_checkpoint_falls_back_on_the_whole_one_and_says_so(make_job) -> None:
    checkpoint = stop(make_job(), 8)
    best = checkpoint.parent / f"step-{json.loads((checkpoint / 'position.json').read_text())['best_step']}"
    assert best != checkpoint
    (best / "weights.safetensors").write_bytes(b"")
    resumed, report = make_job(resume_from=checkpoint), ListReport()
    train(resumed, report)
    reported = [event for event in report.events if "damaged on disk" in event["message"]]
    assert len(reported) == 1 and best.name.replace("-", " ") in reported[0]["message"]
    results = json.loads((resumed.folder / "result.json").read_text())
    assert results["best_step"] > 8 and results["validation"]


def test_a_damaged_checkpoint_is_refused(make_job) -> None:
    checkpoint = stop(make_job(), 6)
    weights = checkpoint / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(StudioError, match="changed on disk"):
        train(make_job(resume_from=checkpoint), ListReport())


def test_a_checkpoint_of_other_settings_is_refused(make_job) -> None:
    checkpoint = stop(make_job(), 6)
    with pytest.raises(StudioError, match=r"training\.seed: 0 then, 9 now"):
        train(make_job(make_spec(seed=9), resume_from=checkpoint), ListReport())


def test_a_half_written_checkpoint_is_never_seen(make_job) -> None:
    job = make_job()
    checkpoint = stop(job, 6)
    (checkpoint / "manifest.json").unlink()
    with pytest.raises(StudioError, match="incomplete"):
        train(make_job(resume_from=checkpoint), ListReport())


def test_nothing_in_a_checkpoint_can_run_code(make_job) -> None:
    checkpoint = stop(make_job(), 6)
    assert {path.suffix for path in checkpoint.iterdir()} == {".safetensors", ".json"}
    assert json.loads((checkpoint / "position.json").read_text())["step"] == 6
    shutil.rmtree(checkpoint)
