"""Retention by rule: nothing without days, only what is old enough with them, and a line in the audit trail for each."""

import pytest

from app import manifest, storage
from app.db import snapshot, transaction
from app.errors import NotAllowed
from app.models import SUCCEEDED, Checkpoint, Job, Prediction, Run
from app.models_chat import Conversation
from app.services.accounts import accounts, audit
from app.services.inference import conversations
from app.services.operations import invariants, retention_rules
from app.services.queue import jobs
from app.settings import get_settings
from tests.app.outcomes import end_run
from tests.factories import make_run
from worker.jobs import retaining

DAY = 24 * 3600.0


def finished(owner: str, days: float) -> str:
    """A run that ended so many days ago, with a checkpoint and answers."""
    run = make_run(owner)
    end_run(run.id, [True, False], [True, True])
    folder = storage.attempt_dir(run.id, 1) / "checkpoints" / "step-5"
    folder.mkdir(parents=True)
    (folder / "weights").write_text("w")
    sha256, path = manifest.write(folder), str(folder.relative_to(storage.data_dir()))
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        job.fence = 1
        job.finished_at = job.created_at - days * DAY
        session.add(Checkpoint(run_id=run.id, fence=1, step=5, path=path, bytes=1, sha256=sha256))
    return run.id


def talk(owner: str, days: float) -> str:
    """A conversation whose only message is so many days old."""
    made = conversations.start(owner, ["base:starter-chat"]).id
    with transaction() as session:
        session.get_one(Conversation, made).created_at -= days * DAY
    return made


def do_the_job() -> str:
    with snapshot() as session:
        job = session.query(Job).filter_by(kind="retention").order_by(Job.created_at.desc()).first()
    claim = jobs.claim(job.id)
    assert claim is not None
    retaining.run(claim, lambda: False)
    with snapshot() as session:
        return session.get_one(Job, job.id).state


def test_what_is_older_than_its_rule_goes_and_nothing_else(
    any_database: str, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young = finished(owner, 40), finished(owner, 5)
    silent, spoken = talk(owner, 40), talk(owner, 5)
    needed, waiting = finished(owner, 40), make_run(owner)
    with transaction() as session:
        session.get_one(Job, waiting.job_id).adjustments = {"start": {"run_id": needed, "step": 5}}
        session.query(Prediction).filter_by(run_id=needed).delete()
    assert not retention_rules.queue(), "no rule is set"
    for name in ("CHECKPOINT", "ANSWER", "CONVERSATION"):
        monkeypatch.setenv(f"STUDIO_KEEP_{name}_DAYS", "30")
    get_settings.cache_clear()
    assert [(rule.days, rule.due) for rule in retention_rules.rules(owner)] == [(30, 1)] * 3
    assert retention_rules.queue() and not retention_rules.queue(), "one job a day"
    assert do_the_job() == SUCCEEDED
    with snapshot() as session:
        assert {kept.run_id for kept in session.query(Checkpoint)} == {young, needed}
        assert {kept.run_id for kept in session.query(Prediction)} == {young}
        assert {kept.id for kept in session.query(Conversation)} == {spoken}
        assert session.get_one(Run, old).results["metrics"]["accuracy"] == 0.5
    assert not list(storage.run_dir(old).rglob("weights")) and list(storage.run_dir(young).rglob("weights"))
    lines = {(entry.data["rule"], entry.object_id) for entry in audit.list_entries(owner, action="retention").entries}
    assert lines == {("checkpoints", old), ("answers", old), ("conversations", silent)}
    assert invariants.violations() == []


def test_rules_are_shown_to_administrators(owner: str) -> None:
    with pytest.raises(NotAllowed):
        retention_rules.rules(accounts.add_user("bea").id)
