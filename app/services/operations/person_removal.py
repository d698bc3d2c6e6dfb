"""Deletion of a person with everything of theirs: data, runs, conversations, files, sign-in, and what the audit trail says of them.

Data and runs in a project with another owner belong to the project: they stay and are that owner's from then on.

What is deleted stays in backups made before; those are the administrator's to delete. Base models are shared and stay.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import CompoundSelect, Select, Table, delete, select, union, update
from sqlalchemy.orm import Session

from app import storage
from app.db import Base, dialect, get_engine, snapshot, transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.languages import gettext as _
from app.models import (
    ACTIVE_STATES,
    Dataset,
    DatasetReview,
    DatasetVersion,
    Experiment,
    Job,
    LabelVerdict,
    Project,
    ProjectMember,
    Run,
    User,
)
from app.models_audit import AuditEntry
from app.models_chat import Conversation
from app.models_projects import PersonExport
from app.models_shares import Share
from app.models_work import TrackerExport
from app.services.accounts import access, accounts
from app.services.accounts.access import OWNER
from app.services.accounts.audit_chain import record
from app.services.accounts.people import require_administrator
from app.services.datasets import imports
from app.services.inference import batch_prediction
from app.services.runs import dataset_removal
from app.services.runs.removal import delete_rows

# What belongs to a project and not to the person alone.
TRANSFERRED = (Dataset, Run, Experiment)


@dataclass(frozen=True)
class RemovedPerson:
    """How much went with a person; the number of audit entries whose details were taken out."""

    datasets: int
    runs: int
    bytes: int
    entries: int


def remove_person(admin_id: str, user_id: str, name: str) -> RemovedPerson:
    """Delete a disabled person and everything of theirs, for good.

    Args:
        name: the person's name, typed again, so that nobody is deleted by mistake.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's or their own account.
        NotFound: there is no such person.
        Rejected: it is not their name.
        Conflict: the account is not disabled, work of theirs has not ended, or others work in a project that would have no owner;
            nothing is deleted then.
    """
    with snapshot() as session:
        _check(session, admin_id, user_id, name)
        heirs = _heirs(session, user_id)
        datasets = list(session.scalars(_alone(Dataset, user_id, heirs)))
        runs = list(session.scalars(_alone(Run, user_id, heirs)))
        about = {user_id, *datasets, *runs, *_other_objects(session, user_id)}
        exports = [
            key
            for table in (TrackerExport, PersonExport)
            for key in session.scalars(select(table.id).where(table.owner_id == user_id))
        ]
        batches = batch_prediction.ids_of(session, user_id)
    # Before the data: whoever deletes a data set is owner of its project.
    _transfer_ownership(admin_id, user_id, name)
    freed = sum(dataset_removal.remove(user_id, dataset_id, with_runs=True) for dataset_id in datasets)
    with transaction() as session:
        _check(session, admin_id, user_id, name)
        _delete_rows(session, user_id)
        entries = _take_out_details(session, user_id, about)
        record(session, admin_id, "delete_person", "user", user_id)
    for path in _files(user_id, runs, exports, batches):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    _overwrite_free_pages()
    return RemovedPerson(len(datasets), len(runs), freed, entries)


def _check(session: Session, admin_id: str, user_id: str, name: str) -> None:
    require_administrator(session, admin_id)
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(
            "user_not_found", _("There is no user {user_id}.", user_id=repr(user_id)), _("Look at the list of people.")
        )
    if user.role == accounts.OWNER or user.id == admin_id:
        raise NotAllowed(
            "own_account",
            _("The owner's and one's own account cannot be deleted."),
            _("Ask another administrator."),
        )
    if name.strip() != user.name:
        raise Rejected("other_name", _("This is not the name of the account."), _("Type {name}.", name=repr(user.name)))
    if user.active:
        raise Conflict(
            "user_active",
            _("The account of {name} is not disabled.", name=repr(user.name)),
            _("Disable it first, so that nothing new begins, then delete it."),
        )
    active = select(Job.id).where(Job.owner_id == user_id, Job.state.in_(ACTIVE_STATES)).limit(1)
    if session.scalar(active) is not None:
        raise Conflict(
            "still_active",
            _("Work of {name} has not ended.", name=repr(user.name)),
            _("Wait for its end, or enable the account and stop it; then delete."),
        )


def _heirs(session: Session, user_id: str) -> dict[str, str]:
    """Projects with other members that hold something of the person -> the enabled owner who has been there longest.

    A disabled owner gets it where nobody who works in the project would lose an owner by the deletion.

    Raises:
        Conflict: one of them would have no owner.
    """
    query = select(ProjectMember, User.active).join(User, User.id == ProjectMember.user_id)
    others = query.where(ProjectMember.user_id != user_id, ProjectMember.project_id.in_(_touched(user_id)))
    members = [(member, active) for member, active in session.execute(others.order_by(ProjectMember.created_at))]
    theirs = select(ProjectMember.project_id).where(ProjectMember.user_id == user_id, ProjectMember.role == OWNER)
    owned = set(session.scalars(theirs))
    needed = {member.project_id for member, active in members if active and member.project_id in owned}
    owners: dict[str, str] = {}
    for member, active in sorted(members, key=lambda found: not found[1]):
        if member.role == OWNER and (active or member.project_id not in needed):
            owners.setdefault(member.project_id, member.user_id)
    for member, _active in members:
        if member.project_id not in owners:
            project = access.project_name(session, session.get_one(Project, member.project_id), member.user_id)
            raise Conflict(
                "last_owner",
                _("Others work in “{project}”, which would be left without an owner.", project=project),
                _("Enable the account and make somebody else its owner, or take the others out of it; then delete."),
            )
    return owners


def _touched(user_id: str) -> CompoundSelect[str]:
    """Projects of which the person is a member, or in which something of theirs stayed when they were taken out."""
    data = select(Dataset.project_id)
    reviews = data.join(DatasetVersion, DatasetVersion.dataset_id == Dataset.id).join(
        DatasetReview, DatasetReview.dataset_version_id == DatasetVersion.id
    )
    return union(
        select(ProjectMember.project_id).where(ProjectMember.user_id == user_id),
        *(select(table.project_id).where(table.owner_id == user_id) for table in TRANSFERRED),
        select(Run.project_id).join(Job, Run.job_id == Job.id).where(Job.owner_id == user_id),
        reviews.join(Job, Job.id == DatasetReview.job_id).where(Job.owner_id == user_id),
        data.join(LabelVerdict, LabelVerdict.dataset_id == Dataset.id).where(LabelVerdict.user_id == user_id),
    )


def _alone(table: Any, user_id: str, heirs: Mapping[str, str]) -> Select[str]:
    """Ids of what is the person's and not transferred, and of what others left in projects where nobody else is a member."""
    theirs = select(ProjectMember.project_id).where(ProjectMember.user_id == user_id)
    kept = table.project_id.not_in(list(heirs))
    return select(table.id).where(kept, (table.owner_id == user_id) | table.project_id.in_(theirs))


def _transfer_ownership(admin_id: str, user_id: str, name: str) -> None:
    """Give what is in projects with another owner to that owner; jobs of runs and of label reviews count as the new owner's."""
    with transaction() as session:
        _check(session, admin_id, user_id, name)
        for project_id, heir in _heirs(session, user_id).items():
            _transfer_work(session, user_id, project_id, heir)
            for table in TRANSFERRED:
                inside = (table.owner_id == user_id, table.project_id == project_id)
                session.execute(update(table).where(*inside).values(owner_id=heir))
            session.execute(
                update(Project).where(Project.id == project_id, Project.home_of == user_id).values(home_of=None)
            )
            record(session, admin_id, "transfer", "project", project_id, data={"to": heir})


def _transfer_work(session: Session, user_id: str, project_id: str, heir: str) -> None:
    data = select(Dataset.id).where(Dataset.project_id == project_id)
    versions = select(DatasetVersion.id).where(DatasetVersion.dataset_id.in_(data))
    runs = select(Run.job_id).where(Run.project_id == project_id)
    reviews = select(DatasetReview.job_id).where(DatasetReview.dataset_version_id.in_(versions))
    kept = Job.id.in_(runs) | Job.id.in_(reviews)
    # Keys are unique to one person: the heir may have used the same ones.
    session.execute(
        update(Job).where(Job.owner_id == user_id, kept).values(owner_id=heir, idempotency_key=None),
    )
    verdicts = (LabelVerdict.user_id == user_id, LabelVerdict.dataset_id.in_(data))
    session.execute(update(LabelVerdict).where(*verdicts).values(user_id=heir))


def _other_objects(session: Session, user_id: str) -> Iterator[str]:
    for table in (Experiment, Conversation, Share, TrackerExport):
        yield from session.scalars(select(table.id).where(table.owner_id == user_id))


def _delete_rows(session: Session, user_id: str) -> None:
    """Every row that belongs to the person, in whichever table, those that others name last."""
    alone = select(ProjectMember.project_id).where(ProjectMember.user_id == user_id)
    shared = select(ProjectMember.project_id).where(ProjectMember.user_id != user_id)
    own = list(session.scalars(alone.where(ProjectMember.project_id.not_in(shared))))
    session.execute(delete(Conversation).where(Conversation.project_id.in_(own)))
    delete_rows(session, session.scalars(select(Run).where(Run.owner_id == user_id)).all())
    session.flush()
    for table in reversed(Base.metadata.sorted_tables):
        for column in _user_columns(table):
            session.execute(delete(table).where(table.c[column] == user_id))
    in_use = select(Dataset.project_id)
    session.execute(delete(Project).where(Project.id.in_(own), Project.id.not_in(in_use)))
    session.execute(delete(User).where(User.id == user_id))


def _user_columns(table: Table) -> list[str]:
    return [key.parent.name for key in table.foreign_keys if key.target_fullname == "users.id"]


def _take_out_details(session: Session, user_id: str, about: set[str]) -> int:
    """Names, addresses and other details of what the person did and what was done to theirs; the chain stays whole."""
    concerned = (AuditEntry.user_id == user_id) | AuditEntry.object_id.in_(about)
    found = list(session.scalars(select(AuditEntry.number).where(concerned, AuditEntry.salt != "")))
    empty = update(AuditEntry).values(salt="", address="", data={})
    for at in range(0, len(found), 500):
        session.execute(empty.where(AuditEntry.number.in_(found[at : at + 500])))
    return len(found)


def _files(user_id: str, runs: list[str], exports: list[str], batches: list[str]) -> list[Path]:
    """What is not a data set's: folders of runs, exports, files that models answered, uploads that were never imported."""
    folders = [*map(storage.run_dir, runs), *map(storage.batch_prediction_dir, batches)]
    return [*folders, *(storage.export_file(one) for one in exports), *imports.staged_of(user_id)]


def _overwrite_free_pages() -> None:
    """SQLite keeps deleted rows in free pages until the file is written anew; PostgreSQL's autovacuum does the like."""
    if dialect().name != "sqlite":
        return
    connection = get_engine().raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        connection.close()
