"""Runs for the stub trainer: a fixture that starts it in place of the real one, and what became of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.models import Job, Run
from app.settings import get_settings
from tests.factories import SPEC, make_run
from worker.processes import prewarmed


@pytest.fixture(autouse=True)
def stub_trainer(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every trainer of the importing file is a stub, which does what the run's first label says."""
    monkeypatch.setenv("STUDIO_TRAINER_MODULE", "tests.worker.stub_trainer")
    get_settings.cache_clear()
    # A real trainer that another test left waiting would be taken for the stub.
    prewarmed.dismiss()
    yield
    prewarmed.dismiss()


def start(owner: str, behaviour: str) -> Run:
    """A queued run that asks the stub for a behaviour."""
    run = make_run(owner)
    with transaction() as session:
        session.get_one(Run, run.id).spec = {**SPEC, "labels": [behaviour, "x"]}
    return run


def state(run: Run) -> Job:
    """The run's job as it is now."""
    with transaction() as session:
        return session.get_one(Job, session.get_one(Run, run.id).job_id)


def starts(run: Run) -> int:
    """How many trainers were started for the run."""
    return len((storage.run_dir(run.id) / "starts.txt").read_text().splitlines())
