"""Read-only links to a comparison: made, listed and revoked by their owner, opened by anybody who has the token.

A token is 256 random bits of which only the SHA-256 is stored. What a link opens is fixed when it is made: these runs,
until that day, with or without rows.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select, update

from app.catalog.base_models import base_models
from app.catalog.methods import method_class
from app.catalog.task_types import task_type
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.languages import decimal
from app.languages import gettext as _
from app.models import User, new_id
from app.models_shares import Share
from app.services.accounts import access
from app.services.accounts.access import TO_SHARE
from app.services.accounts.audit_chain import record
from app.services.evaluation import comparison, example_table
from app.services.evaluation.comparison import Comparison, RunCurves
from app.services.evaluation.example_table import ExamplePage
from app.services.runs import runs

DAY = 24 * 3600.0
MAX_DAYS = 365
# Forgotten links stay open, so their number is limited.
MAX_OPEN = 100
MAX_VIEW_LENGTH = 4000
NEW_LINK = "Ask its sender for a new one."


@dataclass(frozen=True)
class ShareSummary:
    """An open link as its owner sees it; times in seconds since 1970, ``opened`` counts visits."""

    id: str
    runs: list[str]
    with_rows: bool
    created_at: float
    expires_at: float
    opened: int

    def as_dict(self) -> dict[str, Any]:
        """The link as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class SharedPage:
    """What a link shows; ``catalog`` holds the titles of the methods, tasks and base models of its runs."""

    runs: list[str]
    view: str
    with_rows: bool
    expires_at: float
    catalog: dict[str, list[dict[str, str]]]

    def as_dict(self) -> dict[str, Any]:
        """The page as JSON."""
        return asdict(self)


def create(
    user_id: str, run_ids: Sequence[str], *, view: str = "", days: int = 30, with_rows: bool = False
) -> tuple[ShareSummary, str]:
    """Make a link to 1-10 of one's own runs.

    Args:
        view: the query of the compare page's address, so that the link opens as the page looks now.

    Returns:
        The link and its token, which cannot be read again.

    Raises:
        NotFound: a run is not theirs.
        Rejected: too many runs or days, or too long a view.
        Conflict: too many open links.
    """
    wanted = list(dict.fromkeys(run_ids))
    _check_bounds(wanted, view, days)
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        for run_id in wanted:
            runs.find(session, user_id, run_id, TO_SHARE)
        open_now = (Share.owner_id == user_id, Share.revoked_at.is_(None), Share.expires_at > db_now())
        if (session.scalar(select(func.count()).where(*open_now)) or 0) >= MAX_OPEN:
            raise Conflict(
                "too_many_links", _("You have {MAX_OPEN} open links.", MAX_OPEN=MAX_OPEN), _("Revoke some first.")
            )
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
        summary = _summary(share)
        record(session, user_id, "share", "share", summary.id, data={"runs": wanted, "with_rows": with_rows})
    return summary, token


def _check_bounds(wanted: Sequence[str], view: str, days: int) -> None:
    if not 1 <= len(wanted) <= comparison.MAX_RUNS:
        raise Rejected(
            "wrong_number_of_runs",
            _("{wanted} runs were asked for.", wanted=len(wanted)),
            _("A link shows 1 to 10 runs."),
        )
    if not 1 <= days <= MAX_DAYS or len(view) > MAX_VIEW_LENGTH:
        raise Rejected(
            "range",
            _(
                "A link for {days} days with a view of {view} characters was asked for.",
                days=days,
                view=decimal(len(view)),
            ),
            _(
                "It lasts 1 to {MAX_DAYS} days, and its view has at most {MAX_VIEW_LENGTH} characters.",
                MAX_DAYS=MAX_DAYS,
                MAX_VIEW_LENGTH=decimal(MAX_VIEW_LENGTH),
            ),
        )


def list_shares(user_id: str) -> list[ShareSummary]:
    """One's own open links, newest first."""
    own = (Share.owner_id == user_id, Share.revoked_at.is_(None), Share.expires_at > db_now())
    with snapshot() as session:
        found = session.scalars(select(Share).where(*own).order_by(Share.created_at.desc()))
        return [_summary(share) for share in found]


def revoke(user_id: str, share_id: str) -> None:
    """Close a link at once and for good.

    Raises:
        NotFound: it is not theirs.
    """
    with transaction() as session:
        missing = NotFound(
            "share_not_found", _("Link {share_id} not found.", share_id=repr(share_id)), _("Look at the list.")
        )
        share = access.find(session, Share, share_id, user_id, missing)
        share.revoked_at = share.revoked_at or session.scalar(select(db_now()))
        record(session, user_id, "revoke-share", "share", share_id)


def describe(token: str) -> SharedPage:
    """What a link shows; counts the visit.

    Raises:
        NotFound, StudioError: as every use of a token that is unknown (404), revoked or expired (410).
    """
    share = _opened(token)
    with transaction() as session:
        session.execute(update(Share).where(Share.id == share.id).values(opened=Share.opened + 1))
    found = [runs.get_run(share.owner_id, run_id) for run_id in share.run_ids]
    titles = {card.name: card.title for card in base_models()}
    methods = sorted({run.method for run in found})
    tasks = sorted({run.task_type for run in found})
    bases = sorted({run.base_model for run in found})
    return SharedPage(
        runs=share.run_ids,
        view=share.view,
        with_rows=share.with_rows,
        expires_at=share.expires_at,
        catalog={
            "methods": [{"kind": kind, "title": method_class(kind).title} for kind in methods],
            "task_types": [{"kind": kind, "family": task_type(kind).family} for kind in tasks],
            "base_models": [{"name": name, "title": titles.get(name, name)} for name in bases],
        },
    )


def compare(token: str, baseline: str | None = None) -> Comparison:
    """The comparison of exactly the shared runs."""
    share = _opened(token)
    return comparison.compare(share.owner_id, share.run_ids, baseline)


def series(token: str, keys: Sequence[str] | None, max_points: int) -> RunCurves:
    """Curves of exactly the shared runs, as ``comparison.series`` returns them."""
    share = _opened(token)
    return comparison.series(share.owner_id, share.run_ids, keys, max_points)


def examples(token: str, *, order: str, limit: int, after: int) -> ExamplePage:
    """Held-out rows answered by the shared runs.

    Raises:
        NotFound: the link was made without rows.
    """
    share = _opened(token)
    if not share.with_rows:
        raise NotFound("rows_not_shared", _("This link does not show rows of the data."), NEW_LINK)
    tested = [run_id for run_id in share.run_ids if runs.get_run(share.owner_id, run_id).results]
    return example_table.page(share.owner_id, tested, order=order, limit=limit, after=after)


def _opened(token: str) -> Share:
    with snapshot() as session:
        share = session.scalar(select(Share).where(Share.token_sha256 == _digest(token)))
        expired = share is not None and share.expires_at <= (session.scalar(select(db_now())) or 0.0)
        owner = session.get(User, share.owner_id) if share is not None else None
    # What somebody who is shut out has shared is shut, too.
    if share is None or owner is None or not owner.active:
        raise NotFound("share_unknown", _("This link is not valid."), _("Check that it was copied whole."))
    if share.revoked_at is not None:
        raise StudioError("share_revoked", _("This link has been revoked."), NEW_LINK, status=410)
    if expired:
        raise StudioError("share_expired", _("This link has expired."), NEW_LINK, status=410)
    return share


def _summary(share: Share) -> ShareSummary:
    return ShareSummary(
        id=share.id,
        runs=share.run_ids,
        with_rows=share.with_rows,
        created_at=share.created_at,
        expires_at=share.expires_at,
        opened=share.opened,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
