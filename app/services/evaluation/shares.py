"""Read-only links to a comparison: made, listed and revoked by their owner, opened by whoever has one.

A token is 256 random bits of which only the SHA-256 is stored. What a link opens is fixed when it is made: these runs,
until that day, with or without rows. Knows no page.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from app.catalog.base_models import base_models
from app.catalog.methods import method_class
from app.catalog.task_types import task_type
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.models import new_id
from app.models_shares import Share
from app.services.accounts.accounts import record
from app.services.evaluation import comparison, example_table
from app.services.runs import runs

DAY = 24 * 3600.0
MOST_DAYS = 365
# Links that nobody remembers are doors that nobody watches.
MOST_OPEN = 100
LONGEST_VIEW = 4000
NEW_LINK = "Ask whoever sent it for a new one."


def create(
    user_id: str, run_ids: Sequence[str], *, view: str = "", days: int = 30, with_rows: bool = False
) -> tuple[dict[str, Any], str]:
    """Make a link to 1-10 of one's own runs.

    Args:
        view: the query of the compare page's address, so that the link opens as the page looks now.

    Returns:
        The link as :func:`list_shares` tells it, and its token, which is never told again.

    Raises:
        NotFound: a run is not theirs.
        Rejected: too many runs or days, or too long a view.
        Conflict: too many open links.
    """
    wanted = list(dict.fromkeys(run_ids))
    if not 1 <= len(wanted) <= comparison.MOST_RUNS:
        raise Rejected("wrong_number_of_runs", f"{len(wanted)} runs were asked for.", "A link shows 1 to 10 runs.")
    if not 1 <= days <= MOST_DAYS or len(view) > LONGEST_VIEW:
        raise Rejected(
            "range",
            f"A link for {days} days with a view of {len(view):,} characters was asked for.",
            f"It lasts 1 to {MOST_DAYS} days, and its view has at most {LONGEST_VIEW:,} characters.",
        )
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        for run_id in wanted:
            runs.find(session, user_id, run_id)
        open_now = (Share.owner_id == user_id, Share.revoked_at.is_(None), Share.expires_at > db_now())
        if (session.scalar(select(func.count()).where(*open_now)) or 0) >= MOST_OPEN:
            raise Conflict("too_many_links", f"You have {MOST_OPEN} open links.", "Revoke some first.")
        share = Share(
            id=new_id(),
            owner_id=user_id,
            token_sha256=_digest(token),
            run_ids=wanted,
            view=view,
            with_rows=with_rows,
            expires_at=db_now() + days * DAY,
        )
        session.add(share)
        session.flush()
        session.refresh(share)
        told = _told(share)
    record(user_id, "share", "share", told["id"], data={"runs": wanted, "with_rows": with_rows})
    return told, token


def list_shares(user_id: str) -> list[dict[str, Any]]:
    """One's own open links, newest first: ``[{"id", "runs", "with_rows", "created_at", "expires_at", "opened"}]``."""
    mine = (Share.owner_id == user_id, Share.revoked_at.is_(None), Share.expires_at > db_now())
    with snapshot() as session:
        return [_told(share) for share in session.scalars(select(Share).where(*mine).order_by(Share.created_at.desc()))]


def revoke(user_id: str, share_id: str) -> None:
    """Shut a link at once and for good.

    Raises:
        NotFound: it is not theirs.
    """
    with transaction() as session:
        share = session.scalar(select(Share).where(Share.id == share_id, Share.owner_id == user_id))
        if share is None:
            raise NotFound("share_not_found", f"There is no link {share_id!r} among yours.", "Look at the list.")
        share.revoked_at = share.revoked_at or session.scalar(select(db_now()))
    record(user_id, "revoke-share", "share", share_id)


def describe(token: str) -> dict[str, Any]:
    """What a link shows: ``{"runs", "view", "with_rows", "expires_at", "catalog"}``, titles included; counts the visit.

    Raises:
        NotFound, StudioError: as every use of a token that is unknown (404), revoked or expired (410).
    """
    share = _opened(token)
    with transaction() as session:
        session.execute(update(Share).where(Share.id == share.id).values(opened=Share.opened + 1))
    found = [runs.get_run(share.owner_id, run_id) for run_id in share.run_ids]
    cards = {card.name: card.title for card in base_models()}
    return {
        "runs": share.run_ids,
        "view": share.view,
        "with_rows": share.with_rows,
        "expires_at": share.expires_at,
        "catalog": {
            "methods": [
                {"kind": kind, "title": method_class(kind).title} for kind in sorted({r.method for r in found})
            ],
            "task_types": [
                {"kind": kind, "family": task_type(kind).family} for kind in sorted({run.task_type for run in found})
            ],
            "base_models": [
                {"name": name, "title": cards.get(name, name)} for name in sorted({run.base_model for run in found})
            ],
        },
    }


def compare(token: str, baseline: str | None = None) -> dict[str, Any]:
    """The comparison of exactly the shared runs, as ``comparison.compare`` tells it."""
    share = _opened(token)
    return comparison.compare(share.owner_id, share.run_ids, baseline)


def series(token: str, keys: Sequence[str] | None, max_points: int) -> dict[str, Any]:
    """Curves of exactly the shared runs, as ``comparison.series`` tells them."""
    share = _opened(token)
    return comparison.series(share.owner_id, share.run_ids, keys, max_points)


def examples(token: str, *, order: str, limit: int, after: int) -> dict[str, Any]:
    """Held-out rows answered by the shared runs.

    Raises:
        NotFound: the link was made without rows.
    """
    share = _opened(token)
    if not share.with_rows:
        raise NotFound("rows_not_shared", "This link does not show rows of the data.", NEW_LINK)
    tested = [each for each in share.run_ids if runs.get_run(share.owner_id, each).results]
    return example_table.page(share.owner_id, tested, order=order, limit=limit, after=after)


def _opened(token: str) -> Share:
    with snapshot() as session:
        share = session.scalar(select(Share).where(Share.token_sha256 == _digest(token)))
        expired = share is not None and share.expires_at <= (session.scalar(select(db_now())) or 0.0)
    if share is None:
        raise NotFound("share_unknown", "This link is not valid.", "Check that it was copied whole.")
    if share.revoked_at is not None:
        raise StudioError("share_revoked", "This link has been revoked.", NEW_LINK, status=410)
    if expired:
        raise StudioError("share_expired", "This link has expired.", NEW_LINK, status=410)
    return share


def _told(share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "runs": share.run_ids,
        "with_rows": share.with_rows,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        "opened": share.opened,
    }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
