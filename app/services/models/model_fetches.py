"""Fetches of base models: queue, list, cancel, resume and dismiss them, and remove a fetched model."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.fetched_models import fetched_cards
from app.db import snapshot, transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.job_kinds import MODEL_FETCH
from app.languages import gettext as _
from app.languages import ngettext
from app.models import ACTIVE_STATES, SUCCEEDED, Job, Run, User
from app.models_work import ModelFetch
from app.services.accounts import access
from app.services.accounts.accounts import ADMINISTRATORS
from app.services.accounts.audit_chain import record
from app.services.models import model_hub
from app.services.queue import jobs

# Of the runs that keep a model from being removed, so many are named.
NAMED_RUNS = 3


@dataclass(frozen=True)
class FetchStatus:
    """One fetch and the state of its job; ``commit`` and ``name`` are empty until the revision is resolved."""

    id: str
    repo: str
    revision: str
    commit: str
    name: str
    state: str
    phase: str
    progress: dict[str, Any]
    error: dict[str, Any] | None
    created_at: float

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return dict(vars(self))


@dataclass(frozen=True)
class RequestedModel:
    """What the job of a fetch should fetch."""

    fetch_id: str
    repo: str
    revision: str


def submit(user_id: str, repo: str, revision: str = "main") -> FetchStatus:
    """Queue a fetch; while one of this revision is active it is returned instead.

    Raises:
        Rejected: the id or the revision cannot be one.
        NotAllowed: the person may not fetch models.
    """
    repo, revision = repo.strip().removeprefix("https://huggingface.co/").strip("/"), revision.strip() or "main"
    if not model_hub.REPO.fullmatch(repo):
        raise Rejected("hub_id", _("{repo} is not the id of a model.", repo=repr(repo)), _("Ids look like owner/name."))
    if len(revision) > 100:
        raise Rejected("hub_revision", _("The revision is too long."), _("Give a branch, a tag or a commit."))
    with transaction() as session:
        _check_role(session, user_id)
        same = select(ModelFetch).join(Job, ModelFetch.job_id == Job.id)
        active = same.where(ModelFetch.repo == repo, ModelFetch.revision == revision, Job.state.in_(ACTIVE_STATES))
        found = session.scalars(active).first()
        if found is None:
            job = jobs.add(session, owner_id=user_id, kind=MODEL_FETCH)
            session.flush()
            found = ModelFetch(id=str(uuid.uuid4()), owner_id=user_id, job_id=job.id, repo=repo, revision=revision)
            session.add(found)
            session.flush()
        status = _status(session, found)
        record(session, user_id, "fetch", "model", status.id, data={"repo": repo, "revision": revision})
    return status


def list_fetches() -> list[FetchStatus]:
    """All people's fetches that have not succeeded, newest first; base models are shared by all."""
    unfinished = select(ModelFetch).join(Job, ModelFetch.job_id == Job.id).where(Job.state != SUCCEEDED)
    with snapshot() as session:
        newest = session.scalars(unfinished.order_by(ModelFetch.created_at.desc()).limit(50))
        return [_status(session, fetch) for fetch in newest]


def own_fetches(user_id: str) -> set[str]:
    """Ids of the fetches that the person began, which they alone stop, resume and dismiss."""
    with snapshot() as session:
        return set(session.scalars(select(ModelFetch.id).where(access.visible(ModelFetch, user_id))))


def status(user_id: str, fetch_id: str) -> FetchStatus:
    """One fetch as it is now.

    Raises:
        NotFound: it does not exist, or is somebody else's.
    """
    with snapshot() as session:
        return _status(session, _find(session, user_id, fetch_id))


def job_of(user_id: str, fetch_id: str) -> str:
    """The id of the job that does this fetch."""
    with snapshot() as session:
        return _find(session, user_id, fetch_id).job_id


def cancel(user_id: str, fetch_id: str) -> FetchStatus:
    """Stop it; what has been fetched is kept for the next attempt."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        jobs.request_cancel(session, session.get_one(Job, found.job_id))
        session.flush()
        return _status(session, found)


def resume(user_id: str, fetch_id: str) -> FetchStatus:
    """Queue a stopped or failed fetch again."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        if session.get_one(Job, found.job_id).state in ACTIVE_STATES:
            raise Conflict(
                "still_active", _("{repo} is being fetched already.", repo=repr(found.repo)), _("Wait for it.")
            )
        job = jobs.add(session, owner_id=user_id, kind=MODEL_FETCH)
        session.flush()
        found.job_id = job.id
        session.flush()
        return _status(session, found)


def dismiss(user_id: str, fetch_id: str) -> None:
    """Delete a stopped or failed fetch."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        if session.get_one(Job, found.job_id).state in ACTIVE_STATES:
            raise Conflict("still_active", _("{repo} is being fetched.", repo=repr(found.repo)), _("Stop it first."))
        session.delete(found)


def remove_model(user_id: str, name: str) -> None:
    """Delete a fetched model's files.

    Raises:
        NotFound: it was not fetched.
        Conflict: runs were made from it, whose adapters would be of no use without it.
    """
    check_role(user_id)
    if name not in {card.name for card in fetched_cards()}:
        raise NotFound(
            "model_not_found", _("There is no fetched model {name}.", name=repr(name)), _("Reload the page.")
        )
    with snapshot() as session:
        _check_unused(session, user_id, name)
    with transaction() as session:
        record(session, user_id, "remove", "model", name[:36])
    model_hub.forget(name)


def _check_unused(session: Session, user_id: str, name: str) -> None:
    """Refuse a model that runs were made from; runs that the person may not see are counted, not named."""
    made = (Run.base_model == name, ~Run.archived)
    total = session.scalar(select(func.count()).select_from(Run).where(*made)) or 0
    if not total:
        return
    seen = session.scalars(select(Run.name).where(*made, access.visible(Run, user_id))).all()
    more = total - len(seen)
    named = [
        *seen[:NAMED_RUNS],
        *([ngettext("{number} run that you do not see", "{number} runs that you do not see", more)] if more else []),
    ]
    raise Conflict(
        "model_in_use",
        _("Runs were made from {name}: {made}.", name=repr(name), made=", ".join(named)),
        _("Archive them first; their adapters need it."),
        details={"runs": total},
    )


def requested(job_id: str) -> RequestedModel:
    """The model that the job should fetch."""
    with snapshot() as session:
        found = session.scalars(select(ModelFetch).where(ModelFetch.job_id == job_id)).one()
        return RequestedModel(found.id, found.repo, found.revision)


def note_plan(session: Session, job_id: str, commit: str, name: str) -> None:
    """Record the commit that the revision was resolved to."""
    found = session.scalars(select(ModelFetch).where(ModelFetch.job_id == job_id)).one()
    found.commit, found.name = commit, name


def check_role(user_id: str) -> None:
    """Refuse a person who may not bring or remove models.

    Raises:
        NotAllowed: the person is no administrator.
    """
    with snapshot() as session:
        _check_role(session, user_id)


def _check_role(session: Session, user_id: str) -> None:
    role = session.get_one(User, user_id).role
    if role not in ADMINISTRATORS:
        raise NotAllowed(
            "role",
            _("Your role is {role}; models are fetched by an administrator.", role=repr(role)),
            _("Ask one for it."),
        )


def _find(session: Session, user_id: str, fetch_id: str) -> ModelFetch:
    missing = NotFound(
        "fetch_not_found",
        _("There is no fetch {fetch_id} among yours.", fetch_id=repr(fetch_id)),
        _("Reload the page."),
    )
    return access.find(session, ModelFetch, fetch_id, user_id, missing)


def _status(session: Session, fetch: ModelFetch) -> FetchStatus:
    job = session.get_one(Job, fetch.job_id)
    return FetchStatus(
        id=fetch.id,
        repo=fetch.repo,
        revision=fetch.revision,
        commit=fetch.commit,
        name=fetch.name,
        state=job.state,
        phase=job.phase,
        progress=job.progress,
        error=job.error,
        created_at=fetch.created_at,
    )
