"""Retention by rule: nothing without days, only what is old enough with them, and a line in the audit trail for each."""

import pytest

from app import manifest, storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotAllowed
from app.job_kinds import BATCH_PREDICTION
from app.models import SUCCEEDED, Checkpoint, Job, Prediction, Run
from app.models_chat import Conversation
from app.models_samples import GenerationSample
from app.models_work import BatchPrediction
from app.services.accounts import accounts, audit
from app.services.inference import conversations
from app.services.operations import invariants, retention_rules
from app.services.queue import jobs
from app.services.runs import runs
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


CANARY = "canary 7b1f: the patient of room 12"


def test_no_text_of_a_test_row_outlives_the_rule_of_answers(
    any_database: str, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled, answered = make_run(owner).id, finished(owner, 40)
    with transaction() as session:
        job = session.get_one(Run, sampled).job
        job.state, job.finished_at = "failed", job.created_at - 40 * DAY
        for run_id in (sampled, answered):
            texts = dict.fromkeys(("input", "expected", "base_answer", "answer"), CANARY)
            session.add(GenerationSample(run_id=run_id, step=5, row_id=1, **texts))
        session.query(Prediction).filter_by(run_id=answered).update({"input": CANARY})
    for name in ("predictions.jsonl", "spool.jsonl", "folds/fold-1/answers.json"):
        path = storage.attempt_dir(answered, 1) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
    monkeypatch.setenv("STUDIO_KEEP_ANSWER_DAYS", "30")
    get_settings.cache_clear()
    assert retention_rules.queue() and do_the_job() == SUCCEEDED
    with snapshot() as session:
        assert session.query(GenerationSample).count() == session.query(Prediction).count() == 0
    kept = [path for path in storage.run_dir(answered).rglob("*") if path.is_file()]
    assert kept and all(CANARY.encode() not in path.read_bytes() for path in kept)


def test_checkpoints_stay_for_a_file_in_work_and_a_run_without_any_is_not_trained_further(
    any_database: str, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, idle = finished(owner, 40), finished(owner, 40)
    with transaction() as session:
        job = jobs.add(session, owner_id=owner, kind=BATCH_PREDICTION)
        session.flush()
        for number, (run_id, job_id) in enumerate(((asked, job.id), (None, None))):
            batch = BatchPrediction(id=f"batch-{number}", owner_id=owner, run_id=run_id, job_id=job_id, rows=1)
            batch.file_name = "letters.csv"
            session.add(batch)
    monkeypatch.setenv("STUDIO_KEEP_CHECKPOINT_DAYS", "30")
    get_settings.cache_clear()
    assert retention_rules.queue() and do_the_job() == SUCCEEDED
    with snapshot() as session:
        assert {kept.run_id for kept in session.query(Checkpoint)} == {asked}
    epochs = runs.get_run(owner, idle).spec["training"].get("epochs")
    with pytest.raises(Conflict, match="only start over") as refused:
        runs.continue_training(owner, idle, 1.0)
    assert refused.value.code == "no_checkpoint"
    left = runs.get_run(owner, idle)
    assert (left.job.state, left.spec["training"].get("epochs")) == (SUCCEEDED, epochs)
    assert runs.continue_training(owner, asked, 1.0).job.state == "queued"


def test_rules_are_shown_to_administrators(owner: str) -> None:
    with pytest.raises(NotAllowed):
        retention_rules.rules(accounts.add_user("bea").id)
