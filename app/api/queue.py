"""Routes for the queue: what waits and works, and steering one's own runs in it."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body
from app.services.inference import inference_client
from app.services.queue import workers
from app.services.runs import queue_page, runs

router = APIRouter(prefix="/api/v1", tags=["queue"])


class PriorityBody(Body):
    """Before or after one's other runs."""

    priority: Literal["low", "normal", "high"]


class MoveBody(Body):
    """Where to among one's own waiting runs."""

    direction: Literal["up", "down", "first", "last"]


class ContinueBody(Body):
    """How many more passes over the data."""

    epochs: float = Field(gt=0, le=100)


@router.get("/queue")
def read_queue(user_id: UserId) -> dict[str, Any]:
    """Working, waiting and paused runs with position, reason and expected times, and the workers."""
    return queue_page.describe(user_id).as_dict()


@router.get("/workers")
def read_workers(user_id: UserId) -> dict[str, Any]:
    """Workers heard of in the last ten minutes, with what their machines have."""
    return {"workers": [worker.as_dict() for worker in workers.list_workers()]}


@router.get("/inference")
def read_inference(user_id: UserId) -> dict[str, Any]:
    """The servers that answer for models, and why none could now, if so."""
    return inference_client.status().as_dict()


@router.post("/runs/{run_id}/pause")
def pause_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Save and yield the worker, or hold a waiting run back; ``/resume`` lets it go on."""
    return runs.as_dict(runs.pause(user_id, run_id))


@router.post("/runs/{run_id}/priority")
def set_priority(user_id: UserId, run_id: str, body: PriorityBody) -> dict[str, Any]:
    """Let a waiting run come before or after one's other ones."""
    return runs.as_dict(runs.set_priority(user_id, run_id, body.priority))


@router.post("/runs/{run_id}/move")
def move_run(user_id: UserId, run_id: str, body: MoveBody) -> dict[str, Any]:
    """Move a waiting run among one's own."""
    return runs.as_dict(runs.move(user_id, run_id, body.direction))


@router.post("/runs/{run_id}/continue")
def continue_run(user_id: UserId, run_id: str, body: ContinueBody) -> dict[str, Any]:
    """Train a finished run for more passes over the data."""
    return runs.as_dict(runs.continue_training(user_id, run_id, body.epochs))
