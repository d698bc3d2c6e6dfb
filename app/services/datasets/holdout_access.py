"""Access to the held-out test rows: counts how often people looked at them or changed them.

A test score is optimistic when people saw the rows and decided by them. Access is recorded, not refused.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import func, select

from app import storage
from app.db import db_now, snapshot, transaction
from app.models import DatasetVersion, new_id
from app.models_data import HoldoutAccess
from app.services.datasets.versions import find_dataset, find_version

LOOKED = "looked"


@lru_cache(maxsize=32)
def test_ids(version_id: str) -> np.ndarray:
    """Ids of the rows that a version keeps for the final test, int64, ascending; versions never change."""
    path = storage.dataset_dir(version_id) / "splits.json"
    return np.array(sorted(storage.read_json(path)["test"]) if path.exists() else [], dtype=np.int64)


def record_access(user_id: str, dataset_id: str, number: int | None, rows: int) -> dict[str, Any]:
    """Record that test rows were shown to a person; returns the new :func:`summary`.

    Raises:
        NotFound: the dataset is not theirs, or has no such version.
    """
    version = find_version(user_id, dataset_id, number)
    same = (
        HoldoutAccess.dataset_version_id == version.id,
        HoldoutAccess.user_id == user_id,
        HoldoutAccess.kind == LOOKED,
    )
    with transaction() as session:
        access = session.scalar(select(HoldoutAccess).where(*same).with_for_update())
        if access is None:
            access = HoldoutAccess(
                id=new_id(), dataset_version_id=version.id, user_id=user_id, kind=LOOKED, times=0, rows=0
            )
            session.add(access)
        access.times += 1
        access.rows += rows
        access.last_at = db_now()
    return summary(user_id, dataset_id)


def summary(user_id: str, dataset_id: str) -> dict[str, Any]:
    """``{"looks", "rows_seen", "rows_changed"}`` over all versions, since test rows are carried over from one to the next."""
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
        version_ids = select(DatasetVersion.id).where(DatasetVersion.dataset_id == dataset_id)
        total = func.coalesce(func.sum(HoldoutAccess.times), 0), func.coalesce(func.sum(HoldoutAccess.rows), 0)
        looks, rows = session.execute(select(*total).where(HoldoutAccess.dataset_version_id.in_(version_ids))).one()
    changed = sum((version.change or {}).get("test_rows", 0) for version in versions)
    return {"looks": int(looks), "rows_seen": int(rows), "rows_changed": changed}
