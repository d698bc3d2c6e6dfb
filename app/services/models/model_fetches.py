"""Base models that people ask for: the job that fetches one, its progress, stopping it and trying again. Fetches nothing."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.fetched_models import fetched_cards
from app.db import snapshot, transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.models import ACTIVE_STATES, SUCCEEDED, Job, Run, User
from app.models_work import ModelFetch
from app.services.accounts.accounts import record
from app.services.models import model_hub
from app.services.queue import jobs
from app.services.queue.job_kinds import MODEL_FETCH

# Roles that may bring models onto the machine; everybody may use those that are there.
ALLOWED_ROLES = ("owner", "admin")


def submit(user_id: str, repo: str, revision: str = "main") -> dict[str, Any]:
    """Queue a fetch; asking again for one that is on its way returns that one.

    Raises:
        Rejected: the id or the revision cannot be one.
        NotAllowed: the person may not bring models here.
    """
    repo, revision = repo.strip().removeprefix("https://huggingface.co/").strip("/"), revision.strip() or "main"
    if not model_hub.REPO.fullmatch(repo):
        raise Rejected("hub_id", f"{repo!r} is not the id of a model.", "Ids look like owner/name.")
    if len(revision) > 100:
        raise Rejected("hub_revision", "The revision is too long.", "Give a branch, a tag or a commit.")
    with transaction() as session:
        _check_role(session, user_id)
        same = select(ModelFetch).join(Job, ModelFetch.job_id == Job.id)
        on_its_way = same.where(ModelFetch.repo == repo, ModelFetch.revision == revision, Job.state.in_(ACTIVE_STATES))
        found = session.scalars(on_its_way).first()
        if found is None:
            job = jobs.add(session, owner_id=user_id, kind=MODEL_FETCH)
            session.flush()
            found = ModelFetch(id=str(uuid.uuid4()), owner_id=user_id, job_id=job.id, repo=repo, revision=revision)
            session.add(found)
            session.flush()
        told = _as_dict(session, found)
    record(user_id, "fetch", "model", told["id"], data={"repo": repo, "revision": revision})
    return told


def list_fetches(user_id: str) -> list[dict[str, Any]]:
    """Everybody's that are on their way or did not succeed, newest first: base models are shared by all."""
    wanted = select(ModelFetch).join(Job, ModelFetch.job_id == Job.id).where(Job.state != SUCCEEDED)
    with snapshot() as session:
        return [
            _as_dict(session, each) for each in session.scalars(wanted.order_by(ModelFetch.created_at.desc()).limit(50))
        ]


def cancel(user_id: str, fetch_id: str) -> dict[str, Any]:
    """Stop it; what has come is kept for the next time."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        jobs.request_cancel(session, session.get_one(Job, found.job_id))
        session.flush()
        return _as_dict(session, found)


def resume(user_id: str, fetch_id: str) -> dict[str, Any]:
    """Go on with one that was stopped or failed."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        if session.get_one(Job, found.job_id).state in ACTIVE_STATES:
            raise Conflict("still_active", f"{found.repo!r} is being fetched already.", "Wait for it.")
        job = jobs.add(session, owner_id=user_id, kind=MODEL_FETCH)
        session.flush()
        found.job_id = job.id
        session.flush()
        return _as_dict(session, found)


def dismiss(user_id: str, fetch_id: str) -> None:
    """Take one that was stopped or failed off the list."""
    with transaction() as session:
        found = _find(session, user_id, fetch_id)
        if session.get_one(Job, found.job_id).state in ACTIVE_STATES:
            raise Conflict("still_active", f"{found.repo!r} is being fetched.", "Stop it first.")
        session.delete(found)


def remove_model(user_id: str, name: str) -> None:
    """Delete a fetched model's files.

    Raises:
        NotFound: it was not fetched.
        Conflict: runs were made from it, whose adapters would be of no use without it.
    """
    if name not in {card.name for card in fetched_cards()}:
        raise NotFound("model_not_found", f"There is no fetched model {name!r}.", "Reload the page.")
    with snapshot() as session:
        _check_role(session, user_id)
        made = session.scalars(select(Run.name).where(Run.base_model == name, ~Run.archived).limit(3)).all()
    if made:
        raise Conflict(
            "model_in_use",
            f"Runs were made from {name!r}: {', '.join(made)}.",
            "Archive them first; their adapters need it.",
        )
    model_hub.forget(name)
    record(user_id, "remove", "model", name[:36])


def wanted(job_id: str) -> tuple[str, str, str]:
    """(id, repo, revision) of the fetch that a job carries out."""
    with snapshot() as session:
        found = session.scalars(select(ModelFetch).where(ModelFetch.job_id == job_id)).one()
        return found.id, found.repo, found.revision


def note_plan(session: Session, job_id: str, commit: str, name: str) -> None:
    """Record which commit a revision turned out to be."""
    found = session.scalars(select(ModelFetch).where(ModelFetch.job_id == job_id)).one()
    found.commit, found.name = commit, name


def _check_role(session: Session, user_id: str) -> None:
    role = session.get_one(User, user_id).role
    if role not in ALLOWED_ROLES:
        raise NotAllowed("role", f"Your role is {role!r}; models are fetched by an administrator.", "Ask one for it.")


def _find(session: Session, user_id: str, fetch_id: str) -> ModelFetch:
    found = session.get(ModelFetch, fetch_id)
    if found is None or found.owner_id != user_id:
        raise NotFound("fetch_not_found", f"There is no fetch {fetch_id!r} among yours.", "Reload the page.")
    return found


def _as_dict(session: Session, found: ModelFetch) -> dict[str, Any]:
    job = session.get_one(Job, found.job_id)
    return {
        "id": found.id,
        "repo": found.repo,
        "revision": found.revision,
        "commit": found.commit,
        "name": found.name,
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress,
        "error": job.error,
        "created_at": found.created_at,
    }
