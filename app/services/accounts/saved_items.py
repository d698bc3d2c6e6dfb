"""Rows that a person saves under a name: listed by name, replaced when the name is saved again, removed by id."""

import uuid
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.languages import gettext as _
from app.models_saved import SavedItem
from app.services.accounts import access

Item = TypeVar("Item", bound=SavedItem)


class SavedItems(Generic[Item]):
    """The saved rows of one table.

    Args:
        noun: what one row is called, in the error code of an unknown one.
        unknown: the message for an id that is not theirs, with ``{id!r}``.
        max_items: how many one person may save; None for any number.
    """

    def __init__(self, table: type[Item], noun: str, unknown: str, max_items: int | None = None) -> None:
        self._table, self._noun, self._unknown, self._max_items = table, noun, unknown, max_items

    def list_of(self, user_id: str) -> list[Item]:
        """The person's own, by name."""
        own = select(self._table).where(self._table.owner_id == user_id).order_by(self._table.name)
        with snapshot() as session:
            return list(session.scalars(own))

    def save(self, user_id: str, name: str, **values: Any) -> Item:
        """Save values under a name that has been checked; a row of this name is replaced.

        Raises:
            Rejected: the person has saved too many.
        """
        with transaction() as session:
            own = session.scalars(select(self._table).where(self._table.owner_id == user_id)).all()
            item = next((saved for saved in own if saved.name == name), None)
            if item is None and self._max_items is not None and len(own) >= self._max_items:
                message = _("{own} {noun}s are kept already.", own=len(own), noun=self._noun)
                raise Rejected(f"too_many_{self._noun}s", message, _("Forget one of them first."))
            item = item or self._table(id=str(uuid.uuid4()), owner_id=user_id, name=name)
            for field, value in values.items():
                setattr(item, field, value)
            session.add(item)
            session.flush()
            return item

    def remove(self, user_id: str, item_id: str) -> None:
        """Delete one.

        Raises:
            NotFound: it is not theirs.
        """
        with transaction() as session:
            missing = NotFound(f"{self._noun}_not_found", self._unknown.format(id=item_id), _("Reload the page."))
            session.delete(access.find(session, self._table, item_id, user_id, missing))
