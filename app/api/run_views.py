"""Routes for saved views of the table of runs."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body
from app.services.runs import saved_views

router = APIRouter(prefix="/api/v1/run-views", tags=["runs"])


class ViewBody(Body):
    """A view to save."""

    name: str
    view: dict[str, str] = Field(description="The query parameters of the Runs page.")


@router.get("")
def list_views(user_id: UserId) -> dict[str, Any]:
    """Own views of the table of runs: ``{"views": [{"id", "name", "view"}]}``."""
    return {"views": saved_views.list_views(user_id)}


@router.post("", status_code=201)
def save_view(user_id: UserId, body: ViewBody) -> dict[str, Any]:
    """Save a view under a name; a view of the same name is replaced."""
    return saved_views.save(user_id, body.name, body.view)


@router.delete("/{view_id}", status_code=204)
def remove_view(user_id: UserId, view_id: str) -> None:
    """Delete a view."""
    saved_views.remove(user_id, view_id)
