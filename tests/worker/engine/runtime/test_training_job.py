"""The engine's job as a trainer makes it from its job file."""

from pathlib import Path

import pytest

from app.catalog.job_file import JobFile
from app.errors import StudioError
from app.services.queue import jobs
from app.services.runs import adapters, derivations, run_folders
from tests.app.finished_runs import finished
from worker.engine.runtime.training_job import TrainingJob


def test_parents_reach_the_engine_and_must_be_what_was_recorded(owner: str) -> None:
    whole = finished(owner, "Whole", {"model.safetensors": b"0"}, method={"kind": "full"})
    run = derivations.shrink(owner, whole, rank=16)
    claim = jobs.claim(run.job_id)
    written = run_folders.prepare(claim, lambda name: Path("/base"), 1)
    job = TrainingJob.from_file(JobFile.read(written.folder))
    assert job.parents == (adapters.adapter_folder(owner, whole),)
    assert job.spec.origin.rank == 16
    assert (job.base.name, job.base_folder) == (run.base_model, Path("/base"))
    (job.parents[0] / "manifest.json").write_text("{}")
    with pytest.raises(StudioError, match="not there any more"):
        run_folders.prepare(claim, lambda name: Path("/base"), 1)
