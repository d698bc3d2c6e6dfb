"""Routes for datasets: upload, list, read, change columns, archive."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from app.api.deps import RespondAsync, UserId
from app.api.schemas import ColumnsBody, NameBody
from app.api.uploads import Upload, receive_upload
from app.catalog.task_types import task_type as find_task_type
from app.errors import StudioError
from app.models import Dataset
from app.readers import Choices
from app.services.datasets import checks, datasets, imports, readings
from app.services.datasets.dataset_jobs import IMPORT, DatasetJob, perform

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])


@router.post("", status_code=201)
async def upload_dataset(request: Request, user_id: UserId, respond_async: RespondAsync) -> Any:
    """Multipart ``file``, optional ``evaluation`` (file), ``name``, ``task_type``, ``columns`` (JSON object), and
    ``reading`` (JSON object with any of ``sheet``, ``header_row``, ``encoding``, ``delimiter``).

    With ``Prefer: respond-async`` a large file is answered with 202 as soon as its rows are read: ``{"check", "staged",
    "reading", "preview"}``; the report is made by the check."""
    async with receive_upload(request) as upload:
        return await run_in_threadpool(_begin if respond_async else _import, user_id, upload)


@router.get("")
def list_datasets(user_id: UserId) -> dict[str, Any]:
    """Own datasets, newest first."""
    return {"datasets": [datasets.as_dict(dataset) for dataset in datasets.list_datasets(user_id)]}


@router.get("/samples")
def list_samples(user_id: UserId) -> dict[str, Any]:
    """Names of the sample datasets that come with the studio."""
    return {"samples": [_sample_card(sample) for sample in datasets.SAMPLES]}


@router.post("/samples/{name}", status_code=201)
def import_sample(user_id: UserId, name: str) -> dict[str, Any]:
    """A copy of a sample as one's own dataset."""
    return with_report(datasets.import_sample(user_id, name))


@router.get("/{dataset_id}")
def read_dataset(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """One dataset with its newest version and report."""
    return with_report(datasets.get_dataset(user_id, dataset_id))


@router.get("/{dataset_id}/preview")
def preview_dataset(
    user_id: UserId, dataset_id: str, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> dict[str, Any]:
    """``{"columns", "rows"}``: the first rows as they were read."""
    return datasets.preview(user_id, dataset_id, limit)


@router.get("/{dataset_id}/report")
def read_report(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """The data report of the newest version."""
    return datasets.latest_version(datasets.get_dataset(user_id, dataset_id)).report


@router.post("/{dataset_id}/columns")
def change_columns(user_id: UserId, dataset_id: str, body: ColumnsBody, respond_async: RespondAsync) -> Any:
    """A new version of the same rows under another task or mapping; 202 with a check as for uploads."""
    find_task_type(body.task_type)
    return run_or_enqueue(user_id, DatasetJob("columns", dataset_id, body.model_dump()), respond_async)


@router.post("/{dataset_id}/rename")
def rename_dataset(user_id: UserId, dataset_id: str, body: NameBody) -> dict[str, Any]:
    """Give the dataset another name."""
    return datasets.as_dict(datasets.rename(user_id, dataset_id, body.name))


@router.post("/{dataset_id}/archive")
def archive_dataset(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Hide the dataset from the list; runs that use it keep it."""
    datasets.archive(user_id, dataset_id)
    return {"id": dataset_id, "archived": True}


def _import(user_id: str, upload: Upload) -> dict[str, Any]:
    """Make a dataset of an upload and wait for its report; a file that is refused is not kept."""
    staged_id, attributes = _stage(user_id, upload)
    try:
        if attributes["task_type"]:
            find_task_type(attributes["task_type"])
        reading = imports.read_staged(user_id, staged_id, upload.choices)
        dataset = _perform(user_id, DatasetJob(IMPORT, "", {"staged": staged_id, **attributes}), reading.total)
    except StudioError as error:
        if error.code != checks.NO_LIGHT_WORKER:
            imports.remove_staged(user_id, staged_id)
        raise
    return with_report(dataset)


def _begin(user_id: str, upload: Upload) -> JSONResponse:
    staged_id, attributes = _stage(user_id, upload)
    return begin_import(user_id, staged_id, attributes, upload.choices)


def _stage(user_id: str, upload: Upload) -> tuple[str, dict[str, Any]]:
    """(id under which the file waits, name, task and columns as the person gave them)."""
    evaluation = (upload.evaluation.path, upload.evaluation.name) if upload.evaluation else None
    staged_id = imports.stage(user_id, upload.file.path, upload.file.name, evaluation)
    return staged_id, {**{name: upload.fields.get(name) for name in ("name", "task_type")}, "columns": upload.columns}


def _perform(user_id: str, work: DatasetJob, rows: int) -> Dataset:
    """Do the work and return its result: in this request if it has few rows, else as a job that is waited for."""
    if rows <= checks.SMALL_ROWS:
        return perform(user_id, work)
    return checks.wait(user_id, checks.start(user_id, work)["id"])


def begin_import(user_id: str, staged_id: str, attributes: dict[str, Any], choices: Choices | None) -> JSONResponse:
    """Read a staged file and make a dataset of it: 201 with it, or 202 with the rows and the check that makes it."""
    if attributes["task_type"]:
        find_task_type(attributes["task_type"])
    read: dict[str, Any] = {}
    try:
        reading = imports.read_staged(user_id, staged_id, choices)
        folder, _ = imports.staged_folder(user_id, staged_id)
        columns = reading.main.columns
        rows = readings.first_rows(folder, columns)
        read = {
            "reading": readings.describe(reading, kept=True),
            "preview": {"columns": columns, "rows": rows, "total": reading.total},
        }
        work = DatasetJob(IMPORT, "", {"staged": staged_id, **attributes})
        if reading.total > checks.SMALL_ROWS:
            return JSONResponse({"check": checks.start(user_id, work), "staged": staged_id, **read}, 202)
        return JSONResponse(jsonable_encoder(with_report(perform(user_id, work))), 201)
    except StudioError as error:
        if not read and error.code in readings.READABLE_OTHERWISE:
            read = {"reading": readings.describe_unread(user_id, staged_id)}
        if not read:
            imports.remove_staged(user_id, staged_id)
            raise
        error.details = {**error.details, "staged": staged_id, **read}
        raise


def run_or_enqueue(user_id: str, work: DatasetJob, respond_async: bool) -> Any:
    """The dataset with its new version; or 202 with a check, where the caller would rather not wait for much data."""
    rows = datasets.latest_version(datasets.get_dataset(user_id, work.dataset_id)).rows
    if respond_async and rows > checks.SMALL_ROWS:
        return JSONResponse({"check": checks.start(user_id, work)}, 202)
    return with_report(_perform(user_id, work, rows))


def with_report(dataset: Dataset) -> dict[str, Any]:
    """The dataset with its newest version and report."""
    return {**datasets.as_dict(dataset), "report": datasets.latest_version(dataset).report}


def _sample_card(sample: Any) -> Any:
    return sample if isinstance(sample, str | dict) else vars(sample)
