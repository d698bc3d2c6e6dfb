"""Routes for work on data that takes a while: how far a check is, stop it, repeat it; files that wait for a decision."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import JSONResponse

from app.api.datasets import answer, begin_import
from app.api.deps import Later, UserId
from app.api.schemas import Body, Columns, Name, Word
from app.services.datasets import checks, readings
from app.services.datasets.dataset_jobs import DatasetJob

router = APIRouter(prefix="/api/v1", tags=["datasets"])


class ReadingBody(Body):
    """How to read a file; whatever is left empty is found out by looking."""

    sheet: Name = ""
    header_row: int = Field(0, ge=0, le=1_048_576)
    encoding: Name = ""
    delimiter: Name = ""


class DecisionBody(Body):
    """What to make of a file that waits: how to read it, and what its columns mean."""

    name: Name = ""
    task_type: Word | None = None
    columns: Columns | None = None
    reading: ReadingBody | None = None


@router.get("/checks/{check_id}")
def read_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """How far it is; when it has succeeded, ``dataset_id`` and ``version`` say what came out."""
    return checks.status(user_id, check_id)


@router.post("/checks/{check_id}/cancel")
def cancel_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """Stop it; nothing is changed then."""
    return checks.cancel(user_id, check_id)


@router.post("/checks/{check_id}/retry")
def retry_check(user_id: UserId, check_id: str) -> dict[str, Any]:
    """Do the same once more after it was stopped or failed."""
    return checks.retry(user_id, check_id)


@router.post("/uploads/{staged_id}/preview")
def preview_upload(user_id: UserId, staged_id: str, body: ReadingBody) -> dict[str, Any]:
    """The first rows of a file that waits, as they would be read."""
    return readings.preview_staged(user_id, staged_id, readings.check_choices(body.model_dump()))


@router.post("/uploads/{staged_id}")
def decide_upload(user_id: UserId, staged_id: str, body: DecisionBody) -> JSONResponse:
    """Make a dataset of a file that waits: 201 with it, or 202 with the check that makes it."""
    choices = readings.check_choices(body.reading.model_dump()) if body.reading else None
    said = {"name": body.name or None, "task_type": body.task_type, "columns": body.columns}
    return begin_import(user_id, staged_id, said, choices)


@router.get("/datasets/{dataset_id}/reading")
def read_reading(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """How the file was read, and what a person could choose otherwise."""
    return readings.how_read(user_id, dataset_id)


@router.post("/datasets/{dataset_id}/reading/preview")
def preview_reading(user_id: UserId, dataset_id: str, body: ReadingBody) -> dict[str, Any]:
    """The first rows of the original as they would be read; nothing is stored."""
    return readings.preview(user_id, dataset_id, readings.check_choices(body.model_dump()))


@router.post("/datasets/{dataset_id}/reading")
def change_reading(user_id: UserId, dataset_id: str, body: ReadingBody, later: Later) -> Any:
    """Read the original anew; the result is the next version."""
    choices = readings.check_choices(body.model_dump())
    return answer(user_id, DatasetJob("reading", dataset_id, vars(choices)), later)
