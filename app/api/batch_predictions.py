"""Routes for files of texts that a tuned model answers: upload, queue, follow, stop, download."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.api.datasets import REQUEST_LIMITER
from app.api.deps import UserId
from app.api.schemas import Body, ObjectId
from app.api.uploads import Upload, receive_upload
from app.errors import Rejected
from app.languages import gettext as _
from app.services.inference import batch_prediction

router = APIRouter(prefix="/api/v1/batch-predictions", tags=["predict"])


class StartBody(Body):
    """Which model answers, and which columns it reads: role -> column; left out, those of the data that it was tuned on."""

    model: str = Field(min_length=1, max_length=100)
    columns: dict[str, str] = Field(default_factory=dict)


@router.post("", status_code=201)
async def upload_file(request: Request, user_id: UserId) -> dict[str, Any]:
    """Multipart ``file``, with ``reading`` as for datasets; with ``model``, and ``columns`` where they are not clear, it is queued
    at once. Every row of the file gets an answer."""
    async with receive_upload(request, user_id) as upload, REQUEST_LIMITER.slot(user_id):
        return await run_in_threadpool(_take, user_id, upload)


@router.get("")
def list_files(user_id: UserId) -> dict[str, Any]:
    """One's own files, newest first; each is kept for thirty days."""
    return {"files": [batch.as_dict() for batch in batch_prediction.list_batches(user_id)]}


@router.get("/{batch_id}")
def read_file(user_id: UserId, batch_id: ObjectId) -> dict[str, Any]:
    """One file and how far its answers are."""
    return batch_prediction.get_batch(user_id, batch_id).as_dict()


@router.post("/{batch_id}/start", status_code=202)
def start_file(user_id: UserId, batch_id: ObjectId, body: StartBody) -> dict[str, Any]:
    """Queue an uploaded file, or go on with one that was stopped or failed; 422 ``column_needed`` where the column is not clear."""
    return batch_prediction.start(user_id, batch_id, body.model, body.columns).as_dict()


@router.post("/{batch_id}/cancel")
def cancel_file(user_id: UserId, batch_id: ObjectId) -> dict[str, Any]:
    """Stop; what is answered stays, and `start` goes on with it."""
    return batch_prediction.cancel(user_id, batch_id).as_dict()


@router.delete("/{batch_id}", status_code=204)
def delete_file(user_id: UserId, batch_id: ObjectId) -> None:
    """Delete a file and its answers."""
    batch_prediction.remove(user_id, batch_id)


@router.get("/{batch_id}/answers")
def download_answers(
    user_id: UserId, batch_id: ObjectId, order: Annotated[Literal["file", "unsure"], Query()] = "file"
) -> StreamingResponse:
    """The rows with their answers as CSV: in the order of the file, or those first of which the model is least sure."""
    name, pieces = batch_prediction.download(user_id, batch_id, order)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _take(user_id: str, upload: Upload) -> dict[str, Any]:
    unread = [*upload.fields.keys() - {"model", "columns", "reading"}, *upload.files.keys() - {"file"}]
    if unread:
        raise Rejected(
            "unknown_field",
            _("A file to be answered has no part called {part}.", part=repr(sorted(unread)[0])),
            _("Known parts: ") + "file, model, columns, reading.",
        )
    batch = batch_prediction.upload(user_id, (upload.file.path, upload.file.name), upload.choices)
    if model := upload.fields.get("model"):
        batch = batch_prediction.start(user_id, batch.id, model, upload.columns)
    return batch.as_dict()
