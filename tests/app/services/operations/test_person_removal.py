"""Deletion of a person: a canary in everything they left is found nowhere under the data folder, and others keep theirs."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app import storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotAllowed, Rejected
from app.models import Job, Run
from app.models_work import TrackerExport
from app.services.accounts import accounts, audit, audit_chain, passwords, people
from app.services.accounts.audit_chain import record
from app.services.datasets import datasets, imports
from app.services.evaluation import shares
from app.services.inference import conversations, prompt_suites
from app.services.operations import person_removal
from app.services.queue import jobs
from app.services.runs import runs, saved_views
from tests.app.finished_runs import finish
from tests.factories import make_run

CANARY = "zanzibar-canary"


def places_with_the_canary(folder: Path) -> list[str]:
    paths = [path for path in folder.rglob("*") if CANARY in path.name or CANARY.encode() in _content(path)]
    return sorted(str(path.relative_to(folder)) for path in paths)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def leave_everything(user_id: str, folder: Path) -> Run:
    """Something of every kind, with the canary in it."""
    source = folder / "given.csv"
    rows = "".join(f"{CANARY} question {n},{'yes' if n % 2 else 'no'}\n" for n in range(40))
    source.write_text(f"text,label\n{rows}")
    dataset = datasets.import_file(user_id, (source, f"{CANARY}.csv"))
    imports.stage(user_id, source, f"{CANARY}.csv")
    version = datasets.latest_version(dataset)
    run = make_run(user_id, (dataset.project_id, version.id), name=f"{CANARY} run")
    finish(run, {"adapter_config.json": f'{{"note": "{CANARY}"}}'.encode()})
    runs.rename(user_id, run.id, f"{CANARY} renamed")
    conversations.start(user_id, ["base:starter-chat"], CANARY)
    prompt_suites.save(user_id, CANARY, [CANARY])
    saved_views.save(user_id, CANARY, {"q": CANARY})
    shares.create(user_id, [run.id])
    passwords.set_password(user_id, "four words never together")
    exported = storage.data_dir() / "exports"
    exported.mkdir(exist_ok=True)
    with transaction() as session:
        job = jobs.add(session, owner_id=user_id, kind="export")
        session.flush()
        job.state = "succeeded"
        export = TrackerExport(id="e" * 36, owner_id=user_id, run_id=run.id, job_id=job.id, tracker="tensorboard")
        session.add(export)
        record(session, user_id, "rename", "dataset", dataset.id, {"name": CANARY})
    (exported / f"{export.id}.zip").write_bytes(CANARY.encode())
    source.unlink()
    return run


@pytest.fixture
def leaver(owner: str) -> str:
    return accounts.add_user("zanzibar-canary").id


def test_nothing_of_a_deleted_person_is_left_and_others_keep_theirs(owner, leaver, studio_home):
    run = leave_everything(leaver, studio_home)
    kept = make_run(owner)
    assert len(places_with_the_canary(studio_home)) > 4
    people.change_person(owner, leaver, active=False)
    gone = person_removal.remove_person(owner, leaver, "zanzibar-canary")
    assert (gone.datasets, gone.runs) == (1, 1) and gone.entries > 3
    assert places_with_the_canary(studio_home) == []
    with snapshot() as session:
        # Some builds of SQLite do not overwrite what is deleted: no free page may be left.
        assert session.scalar(text("PRAGMA freelist_count")) == 0
    assert not list(studio_home.rglob(f"*{run.id}*")) and runs.get_run(owner, kept.id).name == kept.name
    state = audit_chain.verify()
    assert state.is_whole and state.erased == gone.entries
    [last] = audit.list_entries(owner, action="delete_person").entries
    assert (last.user_id, last.object_id, last.data) == (owner, leaver, {})
    assert [person.name for person in people.list_people(owner)] == ["owner"]


def test_nobody_is_deleted_by_mistake_and_nothing_while_work_goes_on(owner, leaver):
    run = make_run(leaver)
    with pytest.raises(NotAllowed):
        person_removal.remove_person(leaver, owner, "owner")
    with pytest.raises(Rejected, match="not the name"):
        person_removal.remove_person(owner, leaver, "ann")
    with pytest.raises(Conflict, match="not disabled"):
        person_removal.remove_person(owner, leaver, "zanzibar-canary")
    people.change_person(owner, leaver, active=False)
    with pytest.raises(Conflict, match="has not ended"):
        person_removal.remove_person(owner, leaver, "zanzibar-canary")
    with pytest.raises(NotAllowed):
        person_removal.remove_person(owner, owner, "owner")
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "cancelled"
    assert person_removal.remove_person(owner, leaver, "zanzibar-canary").runs == 1


def test_person_is_deleted_in_either_database(owner, leaver, any_database):
    run = make_run(leaver)
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "cancelled"
    people.change_person(owner, leaver, active=False)
    assert person_removal.remove_person(owner, leaver, "zanzibar-canary").runs == 1
    assert audit_chain.verify().is_whole
