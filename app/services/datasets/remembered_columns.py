"""What the columns of a file meant when somebody in the project last said so, for files with the same columns.

Knows no file and no door.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.db import db_now, snapshot, transaction
from app.models import new_id
from app.models_data import RememberedColumns


@dataclass(frozen=True)
class Meaning:
    """A task and the column of each role."""

    task_type: str
    columns: dict[str, str]


def remember(project_id: str, user_id: str, names: Sequence[str], meaning: Meaning) -> None:
    """Keep what a person said about files with these columns; the last word counts."""
    with transaction() as session:
        known = session.scalar(_of(project_id, names))
        if known is None:
            known = RememberedColumns(id=new_id(), project_id=project_id, names=_digest(names))
            session.add(known)
        known.task_type, known.columns, known.author_id = meaning.task_type, dict(meaning.columns), user_id
        known.at = db_now()  # type: ignore[assignment]


def recall(project_id: str, names: Sequence[str]) -> Meaning | None:
    """What somebody last said about files with the same columns, in whatever order they come."""
    with snapshot() as session:
        known = session.scalar(_of(project_id, names))
    return Meaning(known.task_type, dict(known.columns)) if known else None


def with_remembered(
    meaning: Meaning | None, task_type: str | None, columns: Mapping[str, str] | None
) -> Meaning | None:
    """The remembered meaning where the person says nothing else this time."""
    if meaning is None or columns or (task_type and task_type != meaning.task_type):
        return None
    return meaning


def _of(project_id: str, names: Sequence[str]) -> Select[RememberedColumns]:
    return select(RememberedColumns).where(
        RememberedColumns.project_id == project_id, RememberedColumns.names == _digest(names)
    )


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(names)).encode()).hexdigest()
