"""A fetch is a job like any other: carried out, stopped, tried again, refused with a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.catalog.base_models import base_model
from app.db import transaction
from app.models import FAILED, QUEUED, SUCCEEDED, Job
from app.services.models import model_fetches
from app.services.operations import invariants
from tests.conftest import forget_settings
from tests.standin_hub import COMMIT, Hub, Repo
from tests.tiny_chat import make_chat_base
from worker.jobs import supervisor

TINY = "tests/tiny-chat"


@pytest.fixture
def hub(studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = make_chat_base(tmp_path / "model")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with Hub({TINY: Repo(files), "tests/gated": Repo(files, gated=True)}) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def work() -> dict:
    """Let the worker execute the newest job; returns its state and error."""
    with transaction() as session:
        job = session.query(Job).order_by(Job.created_at.desc()).first()
    assert job is not None
    supervisor.execute(job.id, on_spool=lambda line: None)
    assert invariants.violations() == []
    with transaction() as session:
        return {"state": session.get_one(Job, job.id).state, "error": session.get_one(Job, job.id).error}


def test_fetched_model_is_available_to_everybody(hub, owner):
    fetch = model_fetches.submit(owner, f" https://huggingface.co/{TINY}/ ")
    assert fetch.state == QUEUED and fetch.repo == TINY
    assert model_fetches.submit(owner, TINY).id == fetch.id, "a second request returns the active fetch"
    assert work()["state"] == SUCCEEDED
    assert base_model(f"{TINY}@{COMMIT[:8]}").hub_id == TINY
    assert model_fetches.list_fetches() == []
    model_fetches.remove_model(owner, f"{TINY}@{COMMIT[:8]}")
    with pytest.raises(Exception, match="no base model"):
        base_model(f"{TINY}@{COMMIT[:8]}")


def test_refused_fetch_fails_without_retry(hub, owner):
    model_fetches.submit(owner, "tests/gated")
    job = work()
    assert job["state"] == FAILED and job["error"]["error"]["code"] == "hub_gated"
    assert model_fetches.list_fetches()[0].error == job["error"]


def test_unreachable_hub_is_retried(hub, owner, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    forget_settings()
    model_fetches.submit(owner, TINY)
    assert work()["state"] == QUEUED
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    forget_settings()
    with transaction() as session:
        session.query(Job).one().not_before = 0.0
    assert work()["state"] == SUCCEEDED
