"""What the trainer is given for a run made of runs: the parents' downloads, as they were recorded."""

from pathlib import Path

import pytest

from app.errors import StudioError
from app.services.queue import jobs
from app.services.runs import adapters, derivations, run_folders
from tests.app.api.test_derivations import finished
from worker.trainer import _order


def test_the_parents_downloads_travel_in_the_order_and_must_be_what_was_recorded(owner: str) -> None:
    whole = finished(owner, "Whole", {"model.safetensors": b"0"}, method={"kind": "full"})
    run = derivations.shrink(owner, whole, rank=16)
    claim = jobs.claim(run.job_id)
    work = run_folders.prepare(claim, lambda name: Path("/base"), 1)
    order = _order(work.folder)
    assert order.parents == (adapters.adapter_folder(owner, whole),)
    assert order.spec.origin.rank == 16
    (order.parents[0] / "manifest.json").write_text("{}")
    with pytest.raises(StudioError, match="not there any more"):
        run_folders.prepare(claim, lambda name: Path("/base"), 1)
