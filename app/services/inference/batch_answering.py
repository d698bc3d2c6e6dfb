"""Answers the rows of a file that a person has queued, portion by portion; used by the light worker."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import select

from app import storage
from app.catalog.task_types import task_type
from app.db import snapshot
from app.languages import gettext_noop
from app.models_work import BatchPrediction
from app.services.datasets.row_tables import read_rows
from app.services.inference import answer_tables, batch_answers
from app.services.inference.batch_answers import Asked
from app.services.inference.chat import STEP_SEPARATOR
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.services.runs import runs

# So many rows are stored at once: what a worker that dies has to answer again.
PORTION_ROWS = 512
ANSWERING = gettext_noop("Answering")


def answer(claim: Claim, keep_on: Callable[[], None]) -> None:
    """Answer the rows of the job and end it.

    Args:
        keep_on: called after every request to the inference server; renews the lease, and raises what stops the work.

    Raises:
        StudioError: the model cannot answer; what is answered stays.
    """
    with snapshot() as session:
        batch = session.scalars(select(BatchPrediction).where(BatchPrediction.job_id == claim.job_id)).one()
        session.expunge(batch)
    folder = storage.batch_prediction_dir(batch.id)
    kind = runs.get_run(batch.owner_id, batch.model.partition(STEP_SEPARATOR)[0]).task_type
    columns = list(batch.columns.values())
    for number, rows in enumerate(_portions(read_rows(folder, columns))):
        if not answer_tables.has_portion(folder, number):
            inputs = [[row[column] or "" for column in columns] for row in rows]
            asked = Asked(batch.owner_id, batch.model, task_type(kind).reply_form, inputs)
            found = batch_answers.answer(asked, partial(_note, claim, batch, number, keep_on))
            with jobs.held(claim):
                answer_tables.store_portion(folder, number, found)
    _end(claim, batch, answer_tables.write_tables(folder, task_type(kind).reply_form))


def _portions(rows: Iterator[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    while portion := list(islice(rows, PORTION_ROWS)):
        yield portion


def _note(claim: Claim, batch: BatchPrediction, number: int, keep_on: Callable[[], None], done: int) -> None:
    progress = {"answered": min(batch.rows, number * PORTION_ROWS + done), "rows": batch.rows}
    with jobs.held(claim) as session:
        jobs.note_progress(session, claim, ANSWERING, progress)
    keep_on()


def _end(claim: Claim, batch: BatchPrediction, unanswered: int) -> None:
    with jobs.held(claim) as session:
        stored = session.get_one(BatchPrediction, batch.id)
        folder = storage.batch_prediction_dir(batch.id)
        stored.bytes = sum(path.stat().st_size for path in folder.iterdir())
        progress = {"answered": batch.rows, "rows": batch.rows, "unanswered": unanswered}
        jobs.note_progress(session, claim, ANSWERING, progress)
        jobs.succeed(session, claim)
