"""Routes for base models from the Hugging Face Hub: fetch, cancel, resume, remove."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body
from app.services.models import model_fetches

router = APIRouter(prefix="/api/v1", tags=["models"])


class FetchBody(Body):
    """Which model of the Hugging Face Hub."""

    repo: str = Field(min_length=1, max_length=300)
    revision: str = Field("main", max_length=100)


@router.get("/models/fetches")
def list_fetches(user_id: UserId) -> dict[str, Any]:
    """Fetches that are active or did not succeed."""
    return {"fetches": [fetch.as_dict() for fetch in model_fetches.list_fetches()]}


@router.post("/models/fetches", status_code=201)
def fetch(user_id: UserId, body: FetchBody) -> dict[str, Any]:
    """Queue a fetch; the model appears in the catalog when all files are downloaded and verified."""
    return model_fetches.submit(user_id, body.repo, body.revision).as_dict()


@router.post("/models/fetches/{fetch_id}/cancel")
def cancel(user_id: UserId, fetch_id: str) -> dict[str, Any]:
    """Cancel it; downloaded files are kept."""
    return model_fetches.cancel(user_id, fetch_id).as_dict()


@router.post("/models/fetches/{fetch_id}/resume")
def resume(user_id: UserId, fetch_id: str) -> dict[str, Any]:
    """Resume the download."""
    return model_fetches.resume(user_id, fetch_id).as_dict()


@router.delete("/models/fetches/{fetch_id}", status_code=204)
def dismiss(user_id: UserId, fetch_id: str) -> None:
    """Remove it from the list."""
    model_fetches.dismiss(user_id, fetch_id)


@router.delete("/models", status_code=204)
def remove(user_id: UserId, name: Annotated[str, Query(min_length=1, max_length=200)]) -> None:
    """Delete a fetched model's files."""
    model_fetches.remove_model(user_id, name)
