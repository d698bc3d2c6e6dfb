"""Saved views of the table of runs: filters and order under a name."""

from typing import Any

from app.errors import Rejected
from app.languages import gettext as _
from app.models_saved import RunView
from app.services.accounts import names
from app.services.accounts.saved_items import SavedItems

NAME_LENGTH = 80
# Parameters of a view's address, and the length of one of them.
MAX_PARAMETERS, PARAMETER_LENGTH = 20, 500

_VIEWS = SavedItems(RunView, "view", "There is no view {id!r} among yours.", max_items=50)


def list_views(user_id: str) -> list[dict[str, Any]]:
    """The person's own, by name: ``[{"id", "name", "view"}]``."""
    return [_as_dict(view) for view in _VIEWS.list_of(user_id)]


def save(user_id: str, name: str, view: dict[str, str]) -> dict[str, Any]:
    """Save a view under a name; a view of this name is replaced.

    Raises:
        Rejected: a name that is empty or too long, a view with too many or too long parameters, or too many views.
    """
    cleaned = names.validate_name(name, NAME_LENGTH)
    if len(view) > MAX_PARAMETERS or any(len(part) > PARAMETER_LENGTH for pair in view.items() for part in pair):
        message = _(
            "A view has up to {MAX_PARAMETERS} parts of up to {PARAMETER_LENGTH} characters each.",
            MAX_PARAMETERS=MAX_PARAMETERS,
            PARAMETER_LENGTH=PARAMETER_LENGTH,
        )
        raise Rejected("view_size", message, _("Use fewer or shorter filters."))
    return _as_dict(_VIEWS.save(user_id, cleaned, view=dict(view)))


def remove(user_id: str, view_id: str) -> None:
    """Delete a view.

    Raises:
        NotFound: it is not theirs.
    """
    _VIEWS.remove(user_id, view_id)


def _as_dict(view: RunView) -> dict[str, Any]:
    return {"id": view.id, "name": view.name, "view": view.view}
