"""Routes for read-only links: made and revoked by signed-in people, opened by anybody who has the token.

The token travels in a header and in the fragment of the page's address, so that no server log holds it.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import Field

from app.api.deps import After, CurveKeys, MaxPoints, UserId
from app.api.schemas import Body, ObjectId
from app.services.evaluation import shares

router = APIRouter(prefix="/api/v1", tags=["shares"])
Token = Annotated[str, Header(alias="X-Studio-Share", min_length=20, max_length=200, pattern="^[A-Za-z0-9_-]+$")]


class ShareBody(Body):
    """Which runs a link shows, how the page looks, for how long, and whether rows of the data are shown."""

    runs: list[ObjectId] = Field(min_length=1, max_length=10)
    view: str = Field("", max_length=4000)
    days: int = Field(30, ge=1, le=365)
    with_rows: bool = False


@router.post("/shares", status_code=201)
def create_share(user_id: UserId, body: ShareBody) -> dict[str, Any]:
    """Make a read-only link; its path holds the token and is returned only here."""
    summary, token = shares.create(user_id, body.runs, view=body.view, days=body.days, with_rows=body.with_rows)
    return {**summary.as_dict(), "path": f"/shared#{token}"}


@router.get("/shares")
def list_shares(user_id: UserId) -> dict[str, Any]:
    """Own open links, without their tokens."""
    return {"shares": [share.as_dict() for share in shares.list_shares(user_id)]}


@router.post("/shares/{share_id}/revoke")
def revoke_share(user_id: UserId, share_id: str) -> dict[str, Any]:
    """Revoke a link for good."""
    shares.revoke(user_id, share_id)
    return {"id": share_id, "revoked": True}


@router.get("/shared")
def describe_shared(token: Token) -> dict[str, Any]:
    """What a link shows; needs no sign-in."""
    return shares.describe(token).as_dict()


@router.get("/shared/compare")
def compare_shared(token: Token, baseline: Annotated[str | None, Query(max_length=100)] = None) -> dict[str, Any]:
    """The comparison that a link shows; needs no sign-in."""
    return shares.compare(token, baseline).as_dict()


@router.get("/shared/series")
def read_shared_series(token: Token, keys: CurveKeys = None, max_points: MaxPoints = 400) -> dict[str, Any]:
    """Curves of the shared runs, as in ``GET /api/v1/compare/series``; needs no sign-in."""
    return {"series": shares.series(token, keys.split(",") if keys else None, max_points)}


@router.get("/shared/examples")
def read_shared_examples(
    token: Token,
    order: Literal["disagreement", "wrong", "file"] = "disagreement",
    limit: Annotated[int, Query(ge=1, le=200)] = 25,
    after: After = 0,
) -> dict[str, Any]:
    """Rows with the answers of the shared runs, where the link shows them; needs no sign-in."""
    return shares.examples(token, order=order, limit=limit, after=after).as_dict()
