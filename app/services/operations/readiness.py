"""Whether the parts that the web process needs work."""

import os

from sqlalchemy import select

from app import disk_space, storage
from app.db import snapshot
from app.models import User
from app.settings import get_settings

OK = "ok"
NOT_WRITABLE = "not writable"


def parts() -> dict[str, str]:
    """Each part with ``ok`` or what is wrong with it."""
    return {"database": _database(), "storage": _storage()}


def _database() -> str:
    try:
        with snapshot() as session:
            session.execute(select(User.id).limit(1))
    except Exception:
        return "not reachable, or its tables are missing"
    return OK


def _storage() -> str:
    if not os.access(storage.data_dir(), os.W_OK):
        return NOT_WRITABLE
    free, kept = disk_space.free_bytes(), get_settings().free_disk_bytes
    return (
        OK if free >= kept else f"the disk is full: {free / 1e6:,.0f} MB are left, {kept / 1e6:,.0f} MB are kept free"
    )


def is_ready(found: dict[str, str]) -> bool:
    """Whether requests can be answered: on a full disk reading goes on, which nobody should be sent away from."""
    return found["database"] == OK and found["storage"] != NOT_WRITABLE
