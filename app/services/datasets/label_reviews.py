"""Label reviews: queue a search for doubtful labels in a version, describe it, prepare its job file, store its results.

A review changes no data; a person decides about every suspect.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.base_models import BASE_MODELS
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.job_kinds import LABEL_REVIEW
from app.languages import decimal
from app.languages import gettext as _
from app.models import ACTIVE_STATES, DatasetReview, DatasetVersion, new_id
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import label_verdicts
from app.services.datasets.row_search import Selection, find_rows
from app.services.datasets.versions import find_version
from app.services.queue import jobs
from app.services.queue.jobs import Claim

MAX_ROWS = 200_000
SHOWN = 10


def start(user_id: str, dataset_id: str) -> dict[str, Any]:
    """Queue a search in the newest version, or return the one that there is.

    Raises:
        Rejected: the task has no labels, or there are too many rows.
        Conflict: no installed model can read the texts.
        NotFound: the dataset is not theirs.
    """
    version = find_version(user_id, dataset_id, need=TO_CHANGE)
    if "label" not in version.columns or len(version.labels) < 2:
        raise Rejected(
            "no_labels", _("This data has no labels that could be doubted."), _("Choose a goal with labels.")
        )
    if version.usable_rows > MAX_ROWS:
        raise Rejected(
            "too_many_rows",
            _(
                "{usable_rows} rows are more than the {MAX_ROWS} that are searched.",
                usable_rows=decimal(version.usable_rows),
                MAX_ROWS=decimal(MAX_ROWS),
            ),
            _("Search in a part of them."),
        )
    model = next((card.name for card in BASE_MODELS if "text-classification" in card.task_types), None)
    if model is None:
        raise Conflict(
            "no_reader", _("No installed model can read the texts."), _("Install an encoder on the Models page.")
        )
    with transaction() as session:
        review = _latest(session, version.id)
        if review is None or (review.results is None and review.job.state not in ACTIVE_STATES):
            job = jobs.add(session, owner_id=user_id, kind=LABEL_REVIEW)
            session.flush()
            session.add(DatasetReview(id=new_id(), dataset_version_id=version.id, job_id=job.id, base_model=model))
    return latest(user_id, dataset_id)


def latest(
    user_id: str, dataset_id: str, number: int | None = None, limit: int = SHOWN, offset: int = 0
) -> dict[str, Any]:
    """``{"state": "none" | a job's state, "phase", "error", "rows", "agreement", "doubtful", "verdicts", "remaining", "suspects"}``.

    Suspects, worst first, carry their cells as they are in that version: ``{"row_id", "line", "given", "suggested", "margin",
    "cells"}``. Those that somebody looked at and kept, in whichever version, are left out; ``remaining`` counts the others.
    """
    version = find_version(user_id, dataset_id, number)
    with snapshot() as session:
        review = _latest(session, version.id)
    if review is None:
        return {"state": "none", "version": version.number, "suspects": []}
    results = review.results or {}
    error = review.job.error["error"] if review.job.error else None
    kept = label_verdicts.kept_contents(dataset_id)
    remaining = [suspect for suspect in results.get("suspects", []) if suspect.get("content") not in kept]
    return {
        "state": review.job.state,
        "phase": review.job.phase,
        "error": error,
        "version": version.number,
        "base_model": review.base_model,
        "rows": results.get("rows", 0),
        "agreement": results.get("agreement"),
        "doubtful": results.get("doubtful", 0),
        "verdicts": label_verdicts.counts(dataset_id),
        "remaining": len(remaining),
        "suspects": _with_cells(version, remaining[offset : offset + limit]),
    }


def decide(user_id: str, dataset_id: str, row_id: int, verdict: str) -> dict[str, Any]:
    """Record that a suspect of the newest version was ``kept`` or ``corrected``; returns the verdicts so far.

    Raises:
        NotFound: the dataset is not theirs, or the row is no suspect.
        Rejected: there is no such verdict.
    """
    version = find_version(user_id, dataset_id, need=TO_CHANGE)
    with snapshot() as session:
        review = _latest(session, version.id)
    suspects = (review.results or {}).get("suspects", []) if review else []
    content = next((suspect.get("content") for suspect in suspects if suspect["row_id"] == row_id), None)
    if content is None:
        raise NotFound(
            "suspect_not_found",
            _("The label of row {row_id} is not among those that the review doubts.", row_id=row_id),
            _("Look for doubtful labels again."),
        )
    label_verdicts.record(user_id, dataset_id, content, verdict)
    return label_verdicts.counts(dataset_id)


def prepare(claim: Claim, model_path: Callable[[str], Path], threads: int) -> Path:
    """Write ``job.json`` into a folder of this attempt's own; used by the worker."""
    with snapshot() as session:
        review = session.scalars(select(DatasetReview).where(DatasetReview.job_id == claim.job_id)).one()
        version = session.get_one(DatasetVersion, review.dataset_version_id)
    task = find_task_type(version.task_type)
    source = storage.dataset_dir(version.id)
    folder = _folder(claim)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(
        folder / "job.json",
        {
            "rows": str(source / "rows.parquet"),
            "splits": str(source / "splits.json"),
            "inputs": [name for role, name in version.columns.items() if role not in task.answer_roles],
            "label": version.columns["label"],
            "base_model": str(model_path(review.base_model)),
            "base_model_name": review.base_model,
            "threads": threads,
        },
    )
    return folder


def store_results(claim: Claim, results: dict[str, Any]) -> None:
    """Keep what was found and end the job, in one transaction; the folder is no longer needed."""
    with jobs.held(claim) as session:
        review = session.scalars(select(DatasetReview).where(DatasetReview.job_id == claim.job_id)).one()
        review.results = results
        jobs.succeed(session, claim)
    shutil.rmtree(_folder(claim), ignore_errors=True)


def _folder(claim: Claim) -> Path:
    return storage.data_dir() / "reviews" / f"{claim.job_id}-{claim.fence}"


def _latest(session: Session, version_id: str) -> DatasetReview | None:
    query = select(DatasetReview).where(DatasetReview.dataset_version_id == version_id)
    return session.scalars(query.order_by(DatasetReview.created_at.desc()).limit(1)).first()


def _with_cells(version: DatasetVersion, suspects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = Selection(ids=tuple(suspect["row_id"] for suspect in suspects))
    page = find_rows(storage.dataset_dir(version.id), wanted, limit=max(1, len(suspects)))
    cells = {row["_id"]: row["cells"] for row in page.rows}
    return [{**suspect, "cells": cells.get(suspect["row_id"], {})} for suspect in suspects]
