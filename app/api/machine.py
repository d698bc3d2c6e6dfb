"""``GET /api/v1/machine``: what the machine that serves these pages has."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.services.queue import machine

router = APIRouter(prefix="/api/v1", tags=["machine"])


@router.get("/machine")
def read_machine(user_id: UserId) -> dict[str, Any]:
    """GPUs, processor threads, memory and disk, in bytes."""
    return machine.describe().as_dict()
