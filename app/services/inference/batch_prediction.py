"""Files of texts that a tuned model answers: read when they arrive, answered by a job of the light queue, downloaded as CSV.

The inference server answers portion by portion, and each portion is stored when it is there: a job that was stopped, or whose
server had to make room for a training, goes on where it ended. A file and its answers are kept for some days.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.task_types.base import Role
from app.db import after_commit, db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.job_kinds import BATCH_PREDICTION
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import ACTIVE_STATES, FAILED, SUCCEEDED, Job, Run, new_id
from app.models_work import BatchPrediction
from app.readers import Choices
from app.services.accounts import access, limits
from app.services.accounts.audit_chain import record
from app.services.datasets.row_tables import Source, load_reading, read_rows, store_rows
from app.services.inference import answer_tables
from app.services.inference.answer_tables import Order
from app.services.inference.chat import STEP_SEPARATOR
from app.services.inference.prediction import read_together
from app.services.queue import jobs
from app.services.runs import runs

KEPT_DAYS = 30
# A file that nobody has queued is a choice that was not made.
UNQUEUED_SECONDS = 86400.0
PREVIEW_ROWS = 3
# Stands for the role of the text where the model was tuned on data in another form, such as lists of words or conversations.
TEXT = Role("text", gettext_noop("Text"), gettext_noop("The column with what the model is to answer."))


@dataclass(frozen=True)
class BatchPredictionStatus:
    """One file and how far its answers are.

    Attributes:
        state: of its job; ``uploaded`` before it is queued.
        answered: rows that have an answer, or a reason why there is none.
        unanswered: of these, those with a reason; known at the end.
        orders: in which the answers can be downloaded, once they are there.
    """

    id: str
    created_at: float
    file_name: str
    rows: int
    model: str
    model_name: str
    columns: Mapping[str, str]
    state: str
    phase: str
    answered: int
    unanswered: int
    error: dict[str, Any] | None
    orders: Sequence[Order]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


@dataclass(frozen=True)
class UploadedRows:
    """A file before it is queued: its columns, and some rows to tell them apart by."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def upload(user_id: str, source: Source, choices: Choices | None = None) -> BatchPredictionStatus:
    """Read a file, which is then queued by :func:`start`.

    Args:
        source: path of the file, which is only read, and its name.
        choices: sheet, header row, encoding or delimiter, in place of the reader's own detection.

    Raises:
        Rejected, TooLarge: it cannot be read; see ``app.readers``.
        DiskFull, Conflict: there is no room for it, on the disk or in what the person may take.
    """
    limits.check_storage(user_id, 2 * source[0].stat().st_size)
    batch_id = new_id()
    with files.atomic_folder(storage.batch_prediction_dir(batch_id)) as folder:
        reading = store_rows(folder, source, None, choices)
        if reading.main.lost_rows:
            lost = sorted({line for flaw in reading.main.flaws if flaw.lost for line in flaw.rows})
            raise Rejected(
                "unreadable_rows",
                _("{number} rows of the file cannot be read, so they would get no answer.", number=len(lost)),
                _("Put them right and send the file again: lines {lines}.", lines=", ".join(map(str, lost[:10]))),
                details={"rows": lost[:50]},
            )
    folder = storage.batch_prediction_dir(batch_id)
    stored = sum(path.stat().st_size for path in folder.iterdir())
    try:
        with transaction() as session:
            batch = BatchPrediction(
                id=batch_id, owner_id=user_id, file_name=source[1][-300:], rows=reading.main.rows, bytes=stored
            )
            session.add(batch)
            session.flush()
            session.refresh(batch)
            return _status(session, batch)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def uploaded_rows(user_id: str, batch_id: str) -> UploadedRows:
    """The columns of an uploaded file and its first rows.

    Raises:
        NotFound: it is not theirs.
    """
    with snapshot() as session:
        _find(session, user_id, batch_id)
    folder = storage.batch_prediction_dir(batch_id)
    columns = load_reading(folder).columns
    return UploadedRows(columns, list(read_rows(folder, columns, PREVIEW_ROWS)))


def roles_of(run: Run) -> tuple[Role, ...]:
    """The roles of what a run's model reads of each row."""
    return read_together(run) or (TEXT,)


def guess_columns(run: Run, columns: Sequence[str]) -> dict[str, str]:
    """Role -> column, for those that are as in the data of the run, or that are the only one there is."""
    roles, learned = roles_of(run), run.spec["columns"]
    if len(roles) == len(columns) == 1:
        return {roles[0].name: columns[0]}
    return {role.name: learned[role.name] for role in roles if learned.get(role.name) in columns}


def start(user_id: str, batch_id: str, model: str, columns: Mapping[str, str] | None = None) -> BatchPredictionStatus:
    """Queue an uploaded file, or go on with one that was stopped or failed.

    Args:
        model: a run id, or ``<run id>@<step>`` for one of its checkpoints.
        columns: role -> column; roles left out are those of the data that the model was tuned on.

    Raises:
        NotFound: file or run are not theirs.
        Rejected: it is not clear which column is to be read, or there is no such column.
        Conflict: it is queued or answered already.
    """
    run = runs.get_run(user_id, model.partition(STEP_SEPARATOR)[0])
    if model.startswith("base:") or (run.job.state != SUCCEEDED and STEP_SEPARATOR not in model):
        raise Conflict("not_finished", _("{run} has not finished.", run=repr(run.name)), _("Choose a finished run."))
    folder = storage.batch_prediction_dir(batch_id)
    with transaction() as session:
        batch = _find(session, user_id, batch_id, lock=True)
        if _state(session, batch) in (*ACTIVE_STATES, SUCCEEDED):
            raise Conflict("already_queued", _("This file is queued or answered already."), _("Reload the page."))
        chosen = _complete(run, load_reading(folder).columns, columns or (batch.columns if batch.job_id else {}))
        if (batch.model, batch.columns) != (model, chosen):
            # What another model answered is no beginning of this one's.
            after_commit(session, lambda: answer_tables.discard(folder))
        if batch.job_id:
            ended, batch.job_id = session.get_one(Job, batch.job_id), None
            session.flush()
            session.delete(ended)
        job = jobs.add(session, owner_id=user_id, kind=BATCH_PREDICTION)
        session.flush()
        batch.model, batch.model_name, batch.run_id = model, _name(run, model), run.id
        batch.job_id, batch.columns = job.id, chosen
        record(session, user_id, "predict", "run", run.id, data={"file": batch.file_name, "rows": batch.rows})
        session.flush()
        return _status(session, batch)


def list_batches(user_id: str) -> list[BatchPredictionStatus]:
    """One's own files, newest first."""
    mine = select(BatchPrediction).where(access.visible(BatchPrediction, user_id))
    with snapshot() as session:
        return [_status(session, batch) for batch in session.scalars(mine.order_by(BatchPrediction.created_at.desc()))]


def get_batch(user_id: str, batch_id: str) -> BatchPredictionStatus:
    """One's own file.

    Raises:
        NotFound: it is not theirs.
    """
    with snapshot() as session:
        return _status(session, _find(session, user_id, batch_id))


def cancel(user_id: str, batch_id: str) -> BatchPredictionStatus:
    """Stop one that is queued or being answered.

    Raises:
        Conflict: it is neither.
    """
    with transaction() as session:
        batch = _find(session, user_id, batch_id)
        if batch.job_id is None:
            raise Conflict("not_queued", _("This file is not queued."), _("Nothing needs to be stopped."))
        jobs.request_cancel(session, session.get_one(Job, batch.job_id))
        session.flush()
        return _status(session, batch)


def remove(user_id: str, batch_id: str) -> None:
    """Delete a file and its answers.

    Raises:
        Conflict: it is being answered.
    """
    with transaction() as session:
        batch = _find(session, user_id, batch_id, lock=True)
        if _state(session, batch) in ACTIVE_STATES:
            raise Conflict("still_active", _("This file is still being answered."), _("Stop it first, then delete it."))
        record(session, user_id, "delete", "batch prediction", batch.id, data={"file": batch.file_name})
        _delete(session, [batch])


def download(user_id: str, batch_id: str, order: Order = "file") -> tuple[str, Iterator[bytes]]:
    """(file name, pieces) of the rows with their answers, as CSV.

    Args:
        order: as in the file, or those first of which the model is least sure.

    Raises:
        NotFound: it is not theirs, or has not been answered to its end.
    """
    with snapshot() as session:
        batch = _find(session, user_id, batch_id)
        name = batch.file_name
    folder = storage.batch_prediction_dir(batch_id)
    path = answer_tables.table_path(folder, order)
    if order != "file" and not path.is_file() and answer_tables.table_path(folder, "file").is_file():
        raise Rejected(
            "no_certainty",
            _("Answers of this model have no measure of how sure it is."),
            _("Download them in the order of the file."),
        )
    if not path.is_file():
        raise NotFound(
            "no_answers",
            _("{file} has no such answers (yet).", file=repr(name)),
            _("Wait until all rows are answered."),
        )
    title = re.sub(r"[^A-Za-z0-9]+", "-", name.rpartition(".")[0] or name).strip("-").lower()[:60] or "file"
    return f"{title}-answers.csv", files.pieces(path)


def clean() -> int:
    """Delete files older than ``KEPT_DAYS``, and those that nobody has queued; returns how many."""
    stale = and_(BatchPrediction.job_id.is_(None), BatchPrediction.created_at < db_now() - UNQUEUED_SECONDS)
    old = BatchPrediction.created_at < db_now() - KEPT_DAYS * 86400.0
    active = select(Job.id).where(Job.state.in_(ACTIVE_STATES))
    ended = or_(BatchPrediction.job_id.is_(None), BatchPrediction.job_id.not_in(active))
    with transaction() as session:
        return _delete(session, session.scalars(select(BatchPrediction).where(ended, or_(old, stale))).all())


def ids_of(session: Session, user_id: str) -> list[str]:
    """Ids of all files of a person."""
    return list(session.scalars(select(BatchPrediction.id).where(BatchPrediction.owner_id == user_id)))


def _complete(run: Run, columns: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Role -> column of everything that the model reads."""
    roles = roles_of(run)
    for role, column in given.items():
        if role not in {known.name for known in roles} or column not in columns:
            raise Rejected(
                "unknown_column",
                _("There is no column {column} for {role}.", column=repr(column[:80]), role=repr(role[:80])),
                _("The columns are: {columns}.", columns=", ".join(columns)),
                details={"columns": list(columns)},
            )
    chosen = {**guess_columns(run, columns), **given}
    missing = [role for role in roles if role.name not in chosen]
    if missing:
        raise Rejected(
            "column_needed",
            _("Which column holds “{role}”?", role=_(missing[0].title)),
            _("Choose one of: {columns}.", columns=", ".join(columns)),
            details={"role": missing[0].name, "columns": list(columns)},
        )
    return {role.name: chosen[role.name] for role in roles}


def _name(run: Run, model: str) -> str:
    step = model.partition(STEP_SEPARATOR)[2]
    return _("{run}, step {step}", run=run.name, step=step) if step else run.name


def _find(session: Session, user_id: str, batch_id: str, *, lock: bool = False) -> BatchPrediction:
    missing = NotFound(
        "batch_not_found",
        _("There is no file {batch_id} among yours.", batch_id=repr(batch_id[:60])),
        _("Reload the page."),
    )
    return access.find(session, BatchPrediction, batch_id, user_id, missing, lock=lock)


def _state(session: Session, batch: BatchPrediction) -> str:
    return session.get_one(Job, batch.job_id).state if batch.job_id else "uploaded"


def _status(session: Session, batch: BatchPrediction) -> BatchPredictionStatus:
    job = session.get_one(Job, batch.job_id) if batch.job_id else None
    progress = job.progress if job else {}
    folder = storage.batch_prediction_dir(batch.id)
    done = job is not None and job.state == SUCCEEDED
    return BatchPredictionStatus(
        id=batch.id,
        created_at=batch.created_at,
        file_name=batch.file_name,
        rows=batch.rows,
        model=batch.model,
        model_name=batch.model_name,
        columns=dict(batch.columns or {}),
        state=job.state if job else "uploaded",
        phase=job.phase if job else "",
        answered=int(progress.get("answered", 0)),
        unanswered=int(progress.get("unanswered", 0)),
        error=(job.error or {}).get("error") if job and job.state == FAILED else None,
        orders=answer_tables.written(folder) if done else (),
    )


def _delete(session: Session, gone: Sequence[BatchPrediction]) -> int:
    folders = [storage.batch_prediction_dir(batch.id) for batch in gone]
    job_ids = [batch.job_id for batch in gone if batch.job_id]
    for batch in gone:
        session.delete(batch)
    session.flush()
    for job in session.scalars(select(Job).where(Job.id.in_(job_ids))):
        session.delete(job)
    after_commit(session, partial(_delete_folders, folders))
    return len(gone)


def _delete_folders(folders: Sequence[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
