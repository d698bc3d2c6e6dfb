"""Deletion of a person: a canary in everything they left is found nowhere under the data folder, and others keep theirs."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from app import storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotAllowed, Rejected
from app.models import DatasetReview, DatasetVersion, Job, LabelVerdict, Run
from app.models_work import TrackerExport
from app.services.accounts import accounts, audit, audit_chain, passwords, people, projects
from app.services.accounts.audit_chain import record
from app.services.datasets import datasets, imports
from app.services.evaluation import shares
from app.services.inference import conversations, prompt_suites
from app.services.operations import person_removal
from app.services.queue import jobs
from app.services.runs import runs, saved_views
from tests.app.finished_runs import finish
from tests.factories import make_run, make_version

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


def review_labels(user_id: str, version_id: str) -> str:
    """An ended label review of the person with one verdict; returns the id of its job."""
    with transaction() as session:
        job = jobs.add(session, owner_id=user_id, kind="label-review", idempotency_key="again")
        session.flush()
        job.state = "succeeded"
        session.add(DatasetReview(dataset_version_id=version_id, job_id=job.id, base_model="starter-encoder"))
        dataset_id = session.get_one(DatasetVersion, version_id).dataset_id
        session.add(LabelVerdict(dataset_id=dataset_id, user_id=user_id, content="0" * 32, verdict="kept"))
        return job.id


@pytest.mark.parametrize("taken_out", [True, False])
def test_what_a_person_made_in_a_project_of_others_stays_there(owner, leaver, any_database, taken_out):
    project_id, version_id = make_version(owner)
    projects.invite(owner, project_id, leaver, "editor")
    run = make_run(leaver, (project_id, version_id))
    reviewed = review_labels(leaver, version_id)
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "cancelled"
        # The key of the person's review may be one that the owner has used, too.
        jobs.add(session, owner_id=owner, kind="train", idempotency_key="again")
    if taken_out:
        projects.dismiss(owner, project_id, leaver)
    people.change_person(owner, leaver, active=False)
    gone = person_removal.remove_person(owner, leaver, "zanzibar-canary")
    assert (gone.datasets, gone.runs) == (0, 0)
    assert runs.get_run(owner, run.id).owner_id == owner
    with snapshot() as session:
        assert {session.get_one(Job, job_id).owner_id for job_id in (run.job_id, reviewed)} == {owner}
        assert session.scalars(select(LabelVerdict.user_id)).all() == [owner]


def test_a_disabled_owner_inherits_only_where_nobody_works(owner, leaver):
    other = accounts.add_user("disabled-owner").id
    project_id, version_id = make_version(leaver)
    projects.invite(leaver, project_id, other, "owner")
    projects.invite(leaver, project_id, owner, "editor")
    for person in (other, leaver):
        people.change_person(owner, person, active=False)
    with pytest.raises(Conflict, match="without an owner"):
        person_removal.remove_person(owner, leaver, "zanzibar-canary")
    projects.dismiss(owner, project_id, owner)
    assert person_removal.remove_person(owner, leaver, "zanzibar-canary").datasets == 0
    with snapshot() as session:
        assert session.get_one(DatasetVersion, version_id).dataset.owner_id == other
