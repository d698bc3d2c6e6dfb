"""Routes for datasets: upload, list, look, remap, archive."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from app.api.deps import UserId
from app.api.schemas import ColumnsBody
from app.api.uploads import Upload, receive_upload
from app.models import Dataset
from app.services import datasets

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])


@router.post("", status_code=201)
async def upload_dataset(request: Request, user_id: UserId) -> dict[str, Any]:
    """Multipart ``file``, optional ``evaluation`` (file), ``name``, ``task_type``, ``columns`` (JSON object), and
    ``reading`` (JSON object with any of ``sheet``, ``header_row``, ``encoding``)."""
    async with receive_upload(request) as upload:
        return await run_in_threadpool(_import, user_id, upload)


@router.get("")
def list_datasets(user_id: UserId) -> dict[str, Any]:
    """Own datasets, newest first."""
    return {"datasets": [datasets.as_dict(each) for each in datasets.list_datasets(user_id)]}


@router.get("/samples")
def list_samples(user_id: UserId) -> dict[str, Any]:
    """Names of the sample datasets that come with the studio."""
    return {"samples": [_sample_card(each) for each in datasets.SAMPLES]}


@router.post("/samples/{name}", status_code=201)
def import_sample(user_id: UserId, name: str) -> dict[str, Any]:
    """A copy of a sample as one's own dataset."""
    return full(datasets.import_sample(user_id, name))


@router.get("/{dataset_id}")
def read_dataset(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """One dataset with its newest version and report."""
    return full(datasets.get_dataset(user_id, dataset_id))


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
def change_columns(user_id: UserId, dataset_id: str, body: ColumnsBody) -> dict[str, Any]:
    """A new version of the same rows under another task or mapping."""
    return full(datasets.change_columns(user_id, dataset_id, body.task_type, body.columns))


@router.post("/{dataset_id}/archive")
def archive_dataset(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Hide the dataset from the list; runs that use it keep it."""
    datasets.archive(user_id, dataset_id)
    return {"id": dataset_id, "archived": True}


def _import(user_id: str, upload: Upload) -> dict[str, Any]:
    dataset = datasets.import_file(
        user_id,
        upload.file.path,
        upload.file.name,
        name=upload.fields.get("name"),
        task_type=upload.fields.get("task_type"),
        columns=upload.columns,
        evaluation=(upload.evaluation.path, upload.evaluation.name) if upload.evaluation else None,
        choices=upload.choices,
    )
    return full(dataset)


def full(dataset: Dataset) -> dict[str, Any]:
    """The dataset with its newest version and report."""
    return {**datasets.as_dict(dataset), "report": datasets.latest_version(dataset).report}


def _sample_card(sample: Any) -> Any:
    return sample if isinstance(sample, str | dict) else vars(sample)
