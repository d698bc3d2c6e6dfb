"""The end of a run: phases are measured, and nothing counts as a result before the download has been checked."""

import json
import time
from importlib.metadata import version

import pytest
import torch
from accelerate import Accelerator

from app.errors import StudioError
from tests.tiny import make_spec
from worker.engine.loop.finalize import PhaseClock, describe_machine
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks import encoder_head


def test_phase_that_is_entered_again_adds_up() -> None:
    report = ListReport()
    clock = PhaseClock(report)
    for phase in ("Training", "Testing", "Training"):
        clock.enter(phase)
        began = time.process_time()
        while time.process_time() - began < 0.01:
            pass
    clock.close()
    assert report.phases == ["Training", "Testing", "Training"]
    assert clock.processor["Training"] >= 0.02 and clock.processor["Testing"] >= 0.01
    assert sum(clock.seconds.values()) <= time.monotonic() - clock.began
    before = dict(clock.seconds)
    clock.close()
    assert clock.seconds == before


def test_machine_is_described_by_device_number_format_and_libraries() -> None:
    machine = describe_machine(Accelerator(cpu=True, mixed_precision="bf16"))
    assert machine["precision"] == "bf16"
    assert machine["device"] == f"CPU, {torch.get_num_threads()} threads"
    assert machine["versions"]["peft"] == version("peft")


def test_download_that_answers_differently_leaves_no_result(make_job, monkeypatch: pytest.MonkeyPatch) -> None:
    # No difference is below zero, so that the check fails for certain.
    monkeypatch.setattr(encoder_head, "RELOAD_TOLERANCE", -1.0)
    job = make_job(make_spec({"kind": "head-only"}, epochs=1))
    with pytest.raises(StudioError) as caught:
        train(job, ListReport())
    assert caught.value.code == "adapter_check_failed"
    assert not (job.folder / "result.json").exists() and not (job.folder / "predictions.jsonl").exists()


def test_result_holds_size_times_and_memory(make_job) -> None:
    job = make_job(make_spec({"kind": "head-only"}, epochs=1))
    train(job, ListReport())
    result = json.loads((job.folder / "result.json").read_text())
    files = [path for path in (job.folder / "adapter").rglob("*") if path.is_file()]
    assert result["adapter_bytes"] == sum(path.stat().st_size for path in files)
    assert set(result["seconds"]["phases"]) == set(result["seconds"]["processor"]) >= {"Training", "Saving"}
    assert 0 < result["seconds"]["to_first_step"] < result["seconds"]["total"]
    # A process that has loaded torch holds more than 50 MB.
    assert result["peak_memory_bytes"] > 50e6
