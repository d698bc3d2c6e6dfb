"""The task and roles that somebody in a project last chose for files with the same columns."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.db import db_now, snapshot, transaction
from app.models import new_id
from app.models_data import RememberedColumns


@dataclass(frozen=True)
class ColumnMeaning:
    """A task and the column of each role."""

    task_type: str
    columns: dict[str, str]


def remember(project_id: str, user_id: str, names: Sequence[str], meaning: ColumnMeaning) -> None:
    """Store the choice for files with these columns, in place of an earlier one."""
    with transaction() as session:
        row = session.scalar(_of(project_id, names))
        if row is None:
            row = RememberedColumns(id=new_id(), project_id=project_id, names=_digest(names))
            session.add(row)
        row.task_type, row.columns, row.author_id = meaning.task_type, dict(meaning.columns), user_id
        row.at = db_now()


def recall(project_id: str, names: Sequence[str]) -> ColumnMeaning | None:
    """The last choice for files with the same columns, in any order."""
    with snapshot() as session:
        row = session.scalar(_of(project_id, names))
    return ColumnMeaning(row.task_type, dict(row.columns)) if row else None


def with_remembered(
    meaning: ColumnMeaning | None, task_type: str | None, columns: Mapping[str, str] | None
) -> ColumnMeaning | None:
    """The remembered meaning, unless other columns or another task are given."""
    if meaning is None or columns or (task_type and task_type != meaning.task_type):
        return None
    return meaning


def _of(project_id: str, names: Sequence[str]) -> Select[RememberedColumns]:
    return select(RememberedColumns).where(
        RememberedColumns.project_id == project_id, RememberedColumns.names == _digest(names)
    )


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(names)).encode()).hexdigest()
