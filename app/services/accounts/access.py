"""Who may use an object: the one place where services look something up for a person."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from app.errors import NotFound

# Table -> the kind of object as the audit trail names it.
KINDS = {
    "datasets": "dataset",
    "runs": "run",
    "experiments": "experiment",
    "conversations": "conversation",
    "dataset_checks": "check",
    "model_fetches": "fetch",
    "shares": "share",
    "tracker_exports": "export",
    "run_views": "view",
    "prompt_suites": "prompt suite",
}


Row = TypeVar("Row", bound=Any)


def find(
    session: Session,
    table: type[Row],
    key: str,
    user_id: str,
    missing: NotFound,
    *options: ExecutableOption,
    lock: bool = False,
) -> Row:
    """A row that belongs to the person.

    Args:
        key: its id.
        missing: raised where there is none, and where it is somebody else's; only the audit trail tells these apart.
        options: what else is loaded with it.
        lock: nobody else changes it until the end of the transaction.

    Raises:
        NotFound: ``missing``.
    """
    query = select(table).where(table.id == key, table.owner_id == user_id).options(*options)
    row: Row | None = session.scalar(query.with_for_update() if lock else query)
    if row is not None:
        return row
    if session.scalar(select(table.id).where(table.id == key)) is not None:
        missing.withheld = (KINDS[table.__tablename__], key)
    raise missing
