"""Routes for the checkpoints of a run: list them, continue from one, delete one."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, Name
from app.services.runs import checkpoints, runs

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])
Step = Annotated[int, Path(ge=0, le=2**53)]


class ContinueFromBody(Body):
    """How many epochs to add."""

    epochs: float = Field(1.0, gt=0, le=100)
    name: Name = ""


@router.get("/{run_id}/checkpoints")
def list_checkpoints(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Kept checkpoints, the newest first, with the reason for keeping each."""
    return {"checkpoints": [kept.as_dict() for kept in checkpoints.list_checkpoints(user_id, run_id)]}


@router.post("/{run_id}/checkpoints/{step}/continue", status_code=201)
def continue_from_checkpoint(user_id: UserId, run_id: str, step: Step, body: ContinueFromBody) -> dict[str, Any]:
    """Queue a new run that continues from this checkpoint; the old run stays as it is."""
    return runs.as_dict(checkpoints.continue_from(user_id, run_id, step, body.epochs, body.name))


@router.delete("/{run_id}/checkpoints/{step}")
def delete_checkpoint(user_id: UserId, run_id: str, step: Step) -> dict[str, Any]:
    """Delete one for good; the selected one is refused."""
    checkpoints.remove(user_id, run_id, step)
    return {"step": step, "deleted": True}
