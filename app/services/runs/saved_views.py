"""Views of the table of runs that a person keeps under a name, to find them in every browser. Knows no page."""

import uuid
from typing import Any

from sqlalchemy import select

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.models_kept import RunView
from app.services.accounts import names

MOST = 50
NAME_LENGTH = 80
# Parts of a view's address, and how long one of them may be.
MOST_PARTS = 20
PART_LENGTH = 500


def list_views(user_id: str) -> list[dict[str, Any]]:
    """One's own, by name: ``[{"id", "name", "view"}]``."""
    wanted = select(RunView).where(RunView.owner_id == user_id).order_by(RunView.name)
    with snapshot() as session:
        return [_as_dict(each) for each in session.scalars(wanted)]


def save(user_id: str, name: str, view: dict[str, str]) -> dict[str, Any]:
    """Keep a view under a name; what had this name before is replaced.

    Raises:
        Rejected: a name that is empty or too long, a view with too many or too long parts, or too many views.
    """
    cleaned = names.checked(name, NAME_LENGTH)
    if len(view) > MOST_PARTS or any(len(part) > PART_LENGTH for pair in view.items() for part in pair):
        what = f"A view has up to {MOST_PARTS} parts of up to {PART_LENGTH} characters each."
        raise Rejected("view_size", what, "Use fewer or shorter filters.")
    with transaction() as session:
        mine = session.scalars(select(RunView).where(RunView.owner_id == user_id)).all()
        found = next((each for each in mine if each.name == cleaned), None)
        if found is None and len(mine) >= MOST:
            raise Rejected("too_many_views", f"{len(mine)} views are kept already.", "Forget one of them first.")
        found = found or RunView(id=str(uuid.uuid4()), owner_id=user_id, name=cleaned)
        found.view = dict(view)
        session.add(found)
        session.flush()
        return _as_dict(found)


def remove(user_id: str, view_id: str) -> None:
    """Forget it.

    Raises:
        NotFound: it is not theirs.
    """
    with transaction() as session:
        found = session.get(RunView, view_id)
        if found is None or found.owner_id != user_id:
            raise NotFound("view_not_found", f"There is no view {view_id!r} among yours.", "Reload the page.")
        session.delete(found)


def _as_dict(found: RunView) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "view": found.view}
