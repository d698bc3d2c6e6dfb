"""Everything of one person as a ZIP: rows of every table, data sets, adapters; written by a job, kept for some days.

Of what was made in a project with others, it holds what the person made, as long as they are a member. Hashes of passwords, cookies, tokens and codes, and the
secret of an authenticator, stay out.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_, select
from sqlalchemy.orm import Session

from app import disk_space, files, storage
from app.db import Base, after_commit, db_now, snapshot, transaction
from app.errors import NotFound
from app.job_kinds import PERSON_EXPORT
from app.languages import gettext as _
from app.models import ACTIVE_STATES, SUCCEEDED, Dataset, DatasetVersion, Experiment, Job, Run, User, new_id
from app.models_audit import AuditEntry
from app.models_chat import Conversation
from app.models_projects import PersonExport
from app.models_work import TrackerExport
from app.services.accounts import access, accounts
from app.services.accounts.audit_chain import record
from app.services.datasets import imports
from app.services.inference import batch_prediction
from app.services.queue import jobs
from app.services.queue.jobs import Claim

KEPT_DAYS = 7
# Of these tables nothing is of use outside, and much would let somebody in.
LEFT_OUT = ("passwords", "second_factors", "recovery_codes", "sign_in_links", "person_exports")
SECRETS = ("token_sha256",)
# Rows about objects of the person: column -> which ids.
ABOUT = {"run_id": Run, "dataset_id": Dataset, "conversation_id": Conversation}
# Of these tables a person only gets what they still see: rows stay in a project when its author is taken out.
SHARED = {table.__tablename__: table for table in (Run, Dataset, Experiment, TrackerExport)}
CHUNK_BYTES = 1024 * 1024
README = (
    "Everything that the studio holds of {name}.\n\n"
    "tables/   rows of the database, one JSON object a line\n"
    "datasets/ every version: rows as Parquet, the uploaded original, report and splits\n"
    "runs/     adapters, checkpoints and logs\n"
    "uploads/  files that wait for an answer\n"
    "batch-predictions/ files that a model answered\n"
)


@dataclass(frozen=True)
class PersonExportStatus:
    """One export and the state of its job; ``bytes`` once it is written."""

    id: str
    created_at: float
    state: str
    phase: str
    error: dict[str, Any] | None
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def start(user_id: str) -> PersonExportStatus:
    """Queue an export of everything of a person, which replaces their earlier ones; while one is active it is returned instead.

    Raises:
        DiskFull: there is no room for one.
    """
    with transaction() as session:
        accounts.require_user(session, user_id)
        mine = select(PersonExport).join(Job, PersonExport.job_id == Job.id).where(PersonExport.owner_id == user_id)
        found = session.scalars(mine.where(Job.state.in_(ACTIVE_STATES))).first()
        if found is None:
            disk_space.check_room()
            job = jobs.add(session, owner_id=user_id, kind=PERSON_EXPORT)
            session.flush()
            found = PersonExport(id=new_id(), owner_id=user_id, job_id=job.id)
            session.add(found)
            session.flush()
            session.refresh(found)
            record(session, user_id, "export", "user", user_id)
        return _status(session, found)


def list_exports(user_id: str) -> list[PersonExportStatus]:
    """One's own exports, newest first."""
    mine = select(PersonExport).where(access.visible(PersonExport, user_id)).order_by(PersonExport.created_at.desc())
    with snapshot() as session:
        return [_status(session, found) for found in session.scalars(mine)]


def download(user_id: str, export_id: str) -> tuple[str, Iterator[bytes]]:
    """(file name, pieces) of one's own export.

    Raises:
        NotFound: it is not theirs, is not written yet, or is gone again.
    """
    with snapshot() as session:
        missing = NotFound(
            "export_not_found",
            _("There is no export {export_id} among yours.", export_id=repr(export_id[:60])),
            _("Reload the page."),
        )
        found = access.find(session, PersonExport, export_id, user_id, missing)
    path = storage.export_file(found.id)
    if not path.is_file():
        raise NotFound("no_files", _("This export holds no files (any more)."), _("Export again."))
    return "everything.zip", files.pieces(path)


def write(claim: Claim, keep_on: Callable[[], None]) -> None:
    """Write the ZIP of the job and end it; used by the light worker.

    Args:
        keep_on: called after every ``CHUNK_BYTES`` of a file; renews the lease, and raises what stops the work.

    Raises:
        DiskFull: the files do not fit on the disk.
    """
    with snapshot() as session:
        export = session.scalars(select(PersonExport).where(PersonExport.job_id == claim.job_id)).one()
        name = session.get_one(User, export.owner_id).name
    target = storage.export_file(export.id)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(f".{claim.fence}.part")
    files = list(_files(export.owner_id))
    disk_space.check_room(_bytes_of(path for _inside, path in files))
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("README.txt", README.format(name=name))
            _write_tables(archive, export.owner_id, keep_on)
            for inside, path in files:
                _add(archive, inside, path, keep_on)
        with jobs.held(claim) as session:
            session.get_one(PersonExport, export.id).bytes = aside.stat().st_size
            aside.replace(target)
            _delete_ended(session, PersonExport.owner_id == export.owner_id)
            jobs.succeed(session, claim)
    finally:
        aside.unlink(missing_ok=True)


def clean() -> int:
    """Delete exports that are older than ``KEPT_DAYS``; returns how many."""
    old = PersonExport.created_at < db_now() - KEPT_DAYS * 86400.0
    with transaction() as session:
        return _delete_ended(session, old)


def _delete_ended(session: Session, rule: ColumnElement[bool]) -> int:
    """Delete exports whose job has ended, their files after the commit."""
    ended = select(PersonExport).join(Job, PersonExport.job_id == Job.id).where(Job.state.not_in(ACTIVE_STATES))
    gone = session.scalars(ended.where(rule)).all()
    paths = [storage.export_file(export.id) for export in gone]
    for export in gone:
        session.delete(export)
    after_commit(session, lambda: _unlink(paths))
    return len(gone)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, inside: str, path: Path, keep_on: Callable[[], None]) -> None:
    """Copy a file in pieces; one that was deleted since the list was made is left out, as its rows are."""
    keep_on()
    with suppress(FileNotFoundError), path.open("rb") as source:
        entry = zipfile.ZipInfo.from_file(path, inside, strict_timestamps=False)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as copy:
            while piece := source.read(CHUNK_BYTES):
                copy.write(piece)
                keep_on()


def _bytes_of(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _write_tables(archive: zipfile.ZipFile, user_id: str, keep_on: Callable[[], None]) -> None:
    with snapshot() as session:
        own = {table: _ids(session, table, user_id) for table in (Run, Dataset, Conversation)}
    for table in Base.metadata.sorted_tables:
        if table.name in LEFT_OUT or (wanted := _rows_of(table, user_id, own)) is None:
            continue
        names = [column.name for column in table.columns if column.name not in SECRETS]
        with snapshot() as session:
            found = session.execute(select(*(table.c[name] for name in names)).where(wanted)).all()
        if found:
            lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str) for row in found)
            archive.writestr(f"tables/{table.name}.jsonl", "\n".join(lines) + "\n")
        # Not while a snapshot is held: SQLite would let the renewal of the lease wait for it.
        keep_on()


def _rows_of(table: Table, user_id: str, own: dict[Any, list[str]]) -> ColumnElement[bool] | None:
    """What holds of the rows that are the person's or about objects of theirs; None where no column can tell."""
    if table.name == "users":
        return table.c.id == user_id
    if table.name == AuditEntry.__tablename__:
        return table.c.user_id == user_id
    rules = [table.c[key.parent.name] == user_id for key in table.foreign_keys if key.target_fullname == "users.id"]
    rules += [table.c[name].in_(own[kind]) for name, kind in ABOUT.items() if name in table.c]
    if table.name in SHARED:
        return and_(or_(*rules), access.visible(SHARED[table.name], user_id))
    return or_(*rules) if rules else None


def _ids(session: Session, table: Any, user_id: str) -> list[str]:
    mine = select(table.id).where(table.owner_id == user_id)
    # A conversation is its author's wherever it was held.
    return list(session.scalars(mine if table is Conversation else mine.where(access.visible(table, user_id))))


def _files(user_id: str) -> Iterator[tuple[str, Path]]:
    """Names inside the archive, and files: versions of data sets, folders of runs, uploads that wait."""
    with snapshot() as session:
        versions = session.execute(
            select(DatasetVersion.id, Dataset.id, DatasetVersion.number)
            .join(Dataset, DatasetVersion.dataset_id == Dataset.id)
            .where(Dataset.owner_id == user_id, access.visible(Dataset, user_id))
        ).all()
        runs = _ids(session, Run, user_id)
        batches = batch_prediction.ids_of(session, user_id)
    for version_id, dataset_id, number in versions:
        yield from _below(storage.dataset_dir(version_id), f"datasets/{dataset_id}/{number}")
    for run_id in runs:
        yield from _below(storage.run_dir(run_id), f"runs/{run_id}")
    for batch_id in batches:
        yield from _below(storage.batch_prediction_dir(batch_id), f"batch-predictions/{batch_id}")
    for folder in imports.staged_of(user_id):
        yield from _below(folder, f"uploads/{folder.name}")


def _below(folder: Path, inside: str) -> Iterator[tuple[str, Path]]:
    # Unlike Path.rglob, os.walk passes over a folder that is deleted meanwhile.
    for path in sorted(Path(place, name) for place, _folders, names in os.walk(folder) for name in names):
        if path.is_file() and not path.is_symlink():
            yield f"{inside}/{path.relative_to(folder)}", path


def _status(session: Session, export: PersonExport) -> PersonExportStatus:
    job = session.get_one(Job, export.job_id)
    written = export.bytes if job.state == SUCCEEDED else 0
    error = (job.error or {}).get("error")
    return PersonExportStatus(export.id, export.created_at, job.state, job.phase, error, written)
