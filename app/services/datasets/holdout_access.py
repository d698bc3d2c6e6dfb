"""How often somebody looked at rows kept for the final test, or changed them: recorded with the version, told with splits.

A score on rows that people have seen and chosen by says less than it seems; nobody is kept from looking. Knows no door.
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
    """Record that test rows were shown to a person; returns what :func:`summary` tells.

    Raises:
        NotFound: the dataset is not theirs, or has no such version.
    """
    version = find_version(user_id, dataset_id, number)
    mine = (
        HoldoutAccess.dataset_version_id == version.id,
        HoldoutAccess.user_id == user_id,
        HoldoutAccess.kind == LOOKED,
    )
    with transaction() as session:
        peek = session.scalar(select(HoldoutAccess).where(*mine).with_for_update())
        if peek is None:
            peek = HoldoutAccess(
                id=new_id(), dataset_version_id=version.id, user_id=user_id, kind=LOOKED, times=0, rows=0
            )
            session.add(peek)
        peek.times += 1
        peek.rows += rows
        peek.last_at = db_now()  # type: ignore[assignment]
    return summary(user_id, dataset_id)


def summary(user_id: str, dataset_id: str) -> dict[str, Any]:
    """``{"looks", "rows_seen", "rows_changed"}`` over all versions: the test rows stay the same from one to the next."""
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
        mine = select(DatasetVersion.id).where(DatasetVersion.dataset_id == dataset_id)
        total = func.coalesce(func.sum(HoldoutAccess.times), 0), func.coalesce(func.sum(HoldoutAccess.rows), 0)
        looks, rows = session.execute(select(*total).where(HoldoutAccess.dataset_version_id.in_(mine))).one()
    changed = sum((each.change or {}).get("test_rows", 0) for each in versions)
    return {"looks": int(looks), "rows_seen": int(rows), "rows_changed": changed}
