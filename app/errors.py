"""The one family of errors that is written for users; every door translates it once.

    StudioError                 any refusal that a user can act on
    |-- NotFound        404     the object does not exist, or is not theirs
    |-- NotAllowed      403     signed in, but not permitted
    |-- NotSignedIn     401     no valid session or token
    |-- Conflict        409     the state of the world forbids it now
    |-- Rejected        422     the input is wrong; details say where
    |-- TooLarge        413     a limit in bytes or rows was passed
    +-- DiskFull        507     there is no room to write

Anything that is not a StudioError is a defect: users see a calm sentence with a log id instead.
"""

from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop

WHAT_TO_REMOVE = gettext_noop(
    "Free some space: delete runs you no longer need or their checkpoints, archived data, or fetched models. Everything that "
    "is stored can still be read."
)


class StudioError(Exception):
    """What happened, the value, what is allowed, what to do next.

    Args:
        code: stable snake_case word that programs match on.
        message: one sentence naming the thing and the value.
        hint: what the user can do next; may be empty.
        status: HTTP status that a web door answers with.
        details: JSON-ready extra facts, e.g. ``{"rows": [4, 9]}``.

    ``withheld`` is what exists but is not shown to who asked, as (kind, id); the audit trail notes it, no answer tells it.
    """

    status = 400
    withheld: tuple[str, str] | None = None

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        status: int | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status or type(self).status
        self.details = details or {}

    def as_dict(self) -> dict[str, Any]:
        """The body that every door sends: ``{"error": {"code", "message", "hint", "details"}}``."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "hint": self.hint,
                "details": self.details,
            }
        }


class NotFound(StudioError):
    """The object does not exist or belongs to somebody else; the two look the same on purpose."""

    status = 404


class NotAllowed(StudioError):
    """The user is known but may not do this."""

    status = 403


class NotSignedIn(StudioError):
    """No valid session cookie or API token came with the request."""

    status = 401


class Conflict(StudioError):
    """The request was fine, but the present state forbids it."""

    status = 409


class Rejected(StudioError):
    """The input is wrong; ``details`` names fields or rows."""

    status = 422


class TooLarge(StudioError):
    """A stated limit was passed; reading stopped there."""

    status = 413


class DiskFull(StudioError):
    """There is no room to write; nothing that was stored before is touched.

    Args:
        sizes: how much is free and needed, as sentences; may be empty.
        remedy: what else than removing helps here; may be empty.
    """

    status = 507

    def __init__(self, sizes: str = "", remedy: str = "", **details: Any) -> None:
        super().__init__(
            "disk_full",
            f"{_('The disk is full.')} {sizes}".strip(),
            f"{_(WHAT_TO_REMOVE)} {remedy}".strip(),
            details=details,
        )
