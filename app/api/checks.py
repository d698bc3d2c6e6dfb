"""Routes for dataset jobs (progress, cancel, retry) and for staged files that wait for a decision."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import JSONResponse

from app.api.datasets import begin_import, run_or_enqueue
from app.api.deps import RespondAsync, UserId
from app.api.schemas import Body, Columns, Name, Word
from app.services.datasets import checks, readings
from app.services.datasets.dataset_jobs import DatasetJob

router = APIRouter(prefix="/api/v1", tags=["datasets"])


class ReadingBody(Body):
    """How to read a file; empty fields are detected."""

    sheet: Name = ""
    header_row: int = Field(0, ge=0, le=1_048_576)
    encoding: Name = ""
    delimiter: Name = ""
    repairs: dict[Word, bool] = Field(default_factory=dict, max_length=50)


class DecisionBody(Body):
    """How to import a staged file: how to read it, the roles of its columns, or which of the offered readings is meant."""

    name: Name = ""
    task_type: Word | None = None
    columns: Columns | None = None
    answer: str | None = Field(None, max_length=4000)
    reading: ReadingBody | None = None


@router.get("/checks/{check_id}")
def read_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """State and progress; after success ``dataset_id`` and ``version`` name the result."""
    return checks.status(user_id, check_id)


@router.post("/checks/{check_id}/cancel")
def cancel_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """Cancel it; nothing is changed then."""
    return checks.cancel(user_id, check_id)


@router.post("/checks/{check_id}/retry")
def retry_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """Run the same job again after it was cancelled or failed."""
    return checks.retry(user_id, check_id)


@router.post("/uploads/{staged_id}/preview")
def preview_upload(user_id: UserId, staged_id: str, body: ReadingBody) -> dict[str, Any]:
    """The first rows of a staged file, as they would be read."""
    return readings.preview_staged(user_id, staged_id, readings.check_choices(body.model_dump()))


@router.post("/uploads/{staged_id}")
def decide_upload(user_id: UserId, staged_id: str, body: DecisionBody) -> JSONResponse:
    """Make a dataset of a staged file: 201 with it, or 202 with the job that makes it."""
    choices = readings.check_choices(body.reading.model_dump()) if body.reading else None
    attributes = {
        "name": body.name or None,
        "task_type": body.task_type,
        "columns": body.columns,
        "answer": body.answer,
    }
    return begin_import(user_id, staged_id, attributes, choices)


@router.get("/datasets/{dataset_id}/reading")
def read_reading(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """How the file was read, and the alternatives."""
    return readings.describe_version(user_id, dataset_id)


@router.post("/datasets/{dataset_id}/reading/preview")
def preview_reading(user_id: UserId, dataset_id: str, body: ReadingBody) -> dict[str, Any]:
    """The first rows of the original as they would be read; nothing is stored."""
    return readings.preview(user_id, dataset_id, readings.check_choices(body.model_dump()))


@router.post("/datasets/{dataset_id}/reading")
def change_reading(user_id: UserId, dataset_id: str, body: ReadingBody, respond_async: RespondAsync) -> Any:
    """Read the original anew; the result is the next version."""
    choices = readings.check_choices(body.model_dump())
    return run_or_enqueue(user_id, DatasetJob("reading", dataset_id, choices.as_dict()), respond_async)
