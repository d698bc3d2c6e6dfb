"""Dependencies shared by routes: the signed-in user's id, the ``Prefer`` header, bounded cursors."""

from typing import Annotated

from fastapi import Depends, Query, Request

from app.errors import NotSignedIn
from app.languages import gettext as _


def current_user(request: Request) -> str:
    """The user id that the gate put into the request.

    Raises:
        NotSignedIn: the request did not pass the gate.
    """
    user_id = request.scope.get("state", {}).get("user_id")
    if not user_id:
        raise NotSignedIn("not_signed_in", _("Nobody is signed in."), _("Open the sign-in link or send an API token."))
    return str(user_id)


def prefers_async(request: Request) -> bool:
    """Whether the caller would rather get a job than wait (``Prefer: respond-async``, RFC 7240)."""
    return "respond-async" in request.headers.get("prefer", "").lower()


RespondAsync = Annotated[bool, Depends(prefers_async)]
UserId = Annotated[str, Depends(current_user)]
CurveKeys = Annotated[
    str | None, Query(max_length=1000, description="Names of metrics separated by commas; all if absent.")
]
MaxPoints = Annotated[
    int, Query(ge=10, le=10_000, description="Maximum number of points of a curve; evaluations are never thinned.")
]
After = Annotated[int, Query(ge=0, le=2**53, description="Cursor: the `after` of the previous answer.")]
