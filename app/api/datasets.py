"""Routes for datasets: upload, list, read, change columns, archive, delete."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from app.api.deps import RespondAsync, UserId
from app.api.request_limiter import RequestLimiter
from app.api.schemas import ColumnsBody, NameBody
from app.api.uploads import Upload, receive_upload
from app.catalog.task_types import task_type as find_task_type
from app.errors import StudioError
from app.models import Dataset
from app.readers import Choices
from app.services.datasets import checks, datasets, imports, requests
from app.services.datasets.dataset_jobs import DatasetJob
from app.services.datasets.versions import report_of
from app.services.runs import dataset_removal

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])

# Reading a small file takes about a second of a processor; a table with much text may take many.
REQUEST_LIMITER = RequestLimiter(max_active=8, max_active_per_user=3, max_waiting_per_user=30)
POLL_SECONDS = 0.1


@router.post("", status_code=201)
async def upload_dataset(request: Request, user_id: UserId, respond_async: RespondAsync) -> Any:
    """Multipart ``file``, optional ``evaluation`` (file), ``name``, ``task_type``, ``columns`` (JSON object),
    ``answer`` (which of several readings is meant), and ``reading`` (JSON object with any of ``sheet``, ``header_row``,
    ``encoding``, ``delimiter``, ``repairs``), ``project`` (its id; without it the chosen one, or else one's own).

    A file that can be read in more than one way is refused with ``details.question``: its ``options`` each have an
    ``answer`` to send, here or to ``POST /api/v1/uploads/{details.staged}``.

    With ``Prefer: respond-async`` a large file is answered with 202 as soon as its rows are read: ``{"check", "staged",
    "reading", "preview"}``; the report is made by the check."""
    async with receive_upload(request, user_id) as upload, REQUEST_LIMITER.slot(user_id):
        if respond_async:
            return await run_in_threadpool(_begin, user_id, upload)
        return await _import(request, user_id, upload)


@router.get("")
def list_datasets(
    user_id: UserId, archived: bool = False, project: Annotated[str, Query(max_length=100)] = ""
) -> dict[str, Any]:
    """The datasets of one's projects, or of one ``project``, newest first; with ``archived`` those that were archived."""
    found = datasets.list_datasets(user_id, archived=archived, project_id=project)
    return {"datasets": [datasets.as_dict(dataset) for dataset in found]}


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
    return report_of(datasets.latest_version(datasets.get_dataset(user_id, dataset_id)))


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


@router.post("/{dataset_id}/unarchive")
def unarchive_dataset(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Put an archived dataset back on the list."""
    return datasets.as_dict(datasets.unarchive(user_id, dataset_id))


@router.get("/{dataset_id}/dependents")
def list_dependents(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """What is deleted with the dataset: ``versions``, ``runs``, ``experiments``, ``conversations``, ``exports``, ``links``,
    ``bytes``; and what is still ``active``, before the end of which nothing is deleted."""
    return dataset_removal.dependents(user_id, dataset_id).as_dict()


@router.delete("/{dataset_id}")
def delete_dataset(user_id: UserId, dataset_id: str, with_runs: bool = False) -> dict[str, Any]:
    """Delete the dataset for good, its files included; ``with_runs`` also the runs that learned from it."""
    freed = dataset_removal.remove(user_id, dataset_id, with_runs=with_runs)
    return {"id": dataset_id, "deleted": True, "freed_bytes": freed}


async def _import(request: Request, user_id: str, upload: Upload) -> dict[str, Any]:
    """Make a dataset of an upload and wait for its report; what is refused, or whose sender leaves, is not kept,
    unless a choice is asked."""
    staged_id, attributes = await run_in_threadpool(_stage, user_id, upload)
    try:
        found = await run_in_threadpool(requests.start_import, user_id, staged_id, attributes, upload.choices)
        dataset = found if isinstance(found, Dataset) else await _made_by(request, user_id, found["id"])
    except StudioError as error:
        if "question" in error.details:
            error.details = {**error.details, "staged": staged_id}
        elif error.code != checks.NO_LIGHT_WORKER:
            await run_in_threadpool(imports.remove_staged, user_id, staged_id)
        raise
    return await run_in_threadpool(with_report, dataset)


async def _made_by(request: Request, user_id: str, check_id: str) -> Dataset:
    """What a check makes, waited for without holding a thread; when the sender leaves, the check is stopped."""
    began = time.monotonic()
    while (done := await run_in_threadpool(checks.poll, user_id, check_id, time.monotonic() - began)) is None:
        if await request.is_disconnected():
            await run_in_threadpool(checks.cancel, user_id, check_id)
            raise StudioError("disconnected", "The connection ended before the report was made; nothing was kept.")
        await asyncio.sleep(POLL_SECONDS)
    return done


def _begin(user_id: str, upload: Upload) -> JSONResponse:
    staged_id, attributes = _stage(user_id, upload)
    return begin_import(user_id, staged_id, attributes, upload.choices)


def _stage(user_id: str, upload: Upload) -> tuple[str, dict[str, Any]]:
    """(id under which the file waits, name, task, columns and answer as the person gave them)."""
    evaluation = (upload.evaluation.path, upload.evaluation.name) if upload.evaluation else None
    staged_id = imports.stage(
        user_id, upload.file.path, upload.file.name, evaluation, project_id=upload.fields.get("project") or None
    )
    given = {name: upload.fields.get(name) for name in ("name", "task_type", "answer")}
    return staged_id, {**given, "columns": upload.columns}


def begin_import(user_id: str, staged_id: str, attributes: dict[str, Any], choices: Choices | None) -> JSONResponse:
    """Read a staged file and make a dataset of it: 201 with it, or 202 with the rows and the check that makes it."""
    answer = requests.begin_import(user_id, staged_id, attributes, choices)
    if answer.dataset is None:
        return JSONResponse({"check": answer.check, "staged": staged_id, **answer.read}, 202)
    return JSONResponse(jsonable_encoder(with_report(answer.dataset)), 201)


def run_or_enqueue(user_id: str, work: DatasetJob, respond_async: bool) -> Any:
    """The dataset with its new version; or 202 with a check, where the caller would rather not wait for much data."""
    answer = requests.run_or_enqueue(user_id, work, wait=not respond_async)
    return JSONResponse({"check": answer.check}, 202) if answer.dataset is None else with_report(answer.dataset)


def with_report(dataset: Dataset) -> dict[str, Any]:
    """The dataset with its newest version and report."""
    return {**datasets.as_dict(dataset), "report": report_of(datasets.latest_version(dataset))}


def _sample_card(sample: Any) -> Any:
    return sample if isinstance(sample, str | dict) else vars(sample)
