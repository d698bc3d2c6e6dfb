"""Retention by rule: checkpoints and test answers of finished runs, and conversations, are deleted after so many days.

Off unless an administrator sets days. A job of the light queue does it, at most one a day; what a rule takes is in the audit trail.
"""

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from app import storage
from app.db import after_commit, db_now, snapshot, transaction
from app.job_kinds import RETENTION
from app.languages import gettext_noop
from app.models import ACTIVE_STATES, SUCCEEDED, Checkpoint, Job, Prediction, Run, User
from app.models_chat import Conversation, ConversationMessage
from app.models_samples import GenerationSample
from app.models_work import BatchPrediction
from app.services.accounts import accounts
from app.services.accounts.audit_chain import record
from app.services.accounts.people import require_administrator
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.settings import Settings, get_settings

DAY = 24 * 3600.0
# Files of an ended attempt that hold answers and texts of test rows; the numbers among them are in the database.
TEXT_FILES = ("predictions.jsonl", "spool.jsonl", "folds/fold-*/answers.json")


@dataclass(frozen=True)
class RetentionRule:
    """What is deleted after how many days, and how much of it is due now; ``days`` 0 keeps it."""

    name: str
    words: str
    days: float
    due: int


# Name of a rule -> its words.
WORDS = {
    "checkpoints": gettext_noop(
        "Runs that have succeeded: their checkpoints. The download stays; no step can be tried or continued."
    ),
    "answers": gettext_noop(
        "Runs that have ended: their answers on test rows, with the texts. Scores and curves stay."
    ),
    "conversations": gettext_noop("Conversations, counted from their last message."),
}


def rules(admin_id: str) -> list[RetentionRule]:
    """Every rule with what it would delete now: runs, or conversations.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
        settings = get_settings()
        return [
            RetentionRule(name, words, days := _days(settings)[name], len(_due(session, name, days)))
            for name, words in WORDS.items()
        ]


def queue() -> bool:
    """Queue the job if something is due and none is on its way or ended within a day; called by beat.

    Returns:
        Whether it was queued.
    """
    days = _days(get_settings())
    if not any(days.values()):
        return False
    with snapshot() as session:
        recent = select(Job.id).where(Job.kind == RETENTION)
        recent = recent.where(Job.state.in_(ACTIVE_STATES) | (Job.created_at > db_now() - DAY))
        if session.scalar(recent.limit(1)) or not any(_due(session, name, days[name]) for name in WORDS):
            return False
        owner = session.scalars(select(User.id).where(User.role == accounts.OWNER).order_by(User.created_at)).first()
    if owner is None:
        return False
    with transaction() as session:
        jobs.add(session, owner_id=owner, kind=RETENTION)
    return True


def apply(claim: Claim, keep_on: Callable[[], None]) -> None:
    """Delete what is due and end the job; used by the light worker.

    Args:
        keep_on: called between objects; renews the lease, and raises what stops the work.
    """
    days = _days(get_settings())
    for name, remove in _REMOVE.items():
        with snapshot() as session:
            due = _due(session, name, days[name])
        for object_id in due:
            keep_on()
            with transaction() as session:
                # Somebody may have gone on with it meanwhile.
                if object_id in _due(session, name, days[name], object_id):
                    remove(session, object_id)
                    kind = "conversation" if name == "conversations" else "run"
                    record(session, None, "retention", kind, object_id, data={"rule": name, "days": days[name]})
    with jobs.held(claim) as session:
        jobs.succeed(session, claim)


def _days(settings: Settings) -> dict[str, float]:
    return {
        "checkpoints": settings.keep_checkpoint_days,
        "answers": settings.keep_answer_days,
        "conversations": settings.keep_conversation_days,
    }


def _due(session: Session, name: str, days: float, object_id: str = "") -> Sequence[str]:
    """Ids of the runs or conversations that a rule concerns now; of one of them only where it is given."""
    if not days:
        return []
    before = db_now() - days * DAY
    query = _QUERIES[name](before)
    if object_id:
        # Whoever goes on with it waits, or has been first and it is not due any more.
        query = query.where((Conversation.id if name == "conversations" else Run.id) == object_id).with_for_update()
    return session.scalars(query).all()


def _with_checkpoints(before: Any) -> Select[str]:
    ended = select(Run.id).join(Job, Run.job_id == Job.id).where(Job.state == SUCCEEDED, Job.finished_at < before)
    # A run that waits to go on from a step of another one still needs it.
    started = Job.adjustments["start"]["run_id"].as_string()
    needed = select(started).where(Job.state.in_(ACTIVE_STATES), started.is_not(None))
    # A file of texts may be answered by the model as it was at a step.
    asked = select(BatchPrediction.run_id).join(Job, BatchPrediction.job_id == Job.id)
    asked = asked.where(Job.state.in_(ACTIVE_STATES), BatchPrediction.run_id.is_not(None))
    return ended.where(Run.id.in_(select(Checkpoint.run_id)), Run.id.not_in(needed), Run.id.not_in(asked))


def _with_answers(before: Any) -> Select[str]:
    ended = select(Run.id).join(Job, Run.job_id == Job.id)
    ended = ended.where(Job.state.not_in(ACTIVE_STATES), Job.finished_at < before)
    return ended.where(Run.id.in_(select(Prediction.run_id)) | Run.id.in_(select(GenerationSample.run_id)))


def _silent(before: Any) -> Select[str]:
    last = select(func.max(ConversationMessage.created_at)).where(
        ConversationMessage.conversation_id == Conversation.id
    )
    return select(Conversation.id).where(func.coalesce(last.scalar_subquery(), Conversation.created_at) < before)


def _remove_checkpoints(session: Session, run_id: str) -> None:
    folders = [storage.recorded_path(path) for path in session.scalars(_paths(run_id))]
    session.execute(delete(Checkpoint).where(Checkpoint.run_id == run_id))
    inside = [folder for folder in folders if folder.resolve().is_relative_to(storage.run_dir(run_id))]
    after_commit(session, lambda: _remove_folders(inside))


def _remove_folders(folders: Sequence[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _paths(run_id: str) -> Select[str]:
    return select(Checkpoint.path).where(Checkpoint.run_id == run_id)


def _remove_answers(session: Session, run_id: str) -> None:
    session.execute(delete(Prediction).where(Prediction.run_id == run_id))
    session.execute(delete(GenerationSample).where(GenerationSample.run_id == run_id))
    after_commit(session, lambda: _remove_texts(run_id))


def _remove_texts(run_id: str) -> None:
    for name in TEXT_FILES:
        for path in storage.run_dir(run_id).glob(f"attempt-*/{name}"):
            with contextlib.suppress(OSError):
                path.unlink()


def _remove_conversation(session: Session, conversation_id: str) -> None:
    session.execute(delete(ConversationMessage).where(ConversationMessage.conversation_id == conversation_id))
    session.execute(delete(Conversation).where(Conversation.id == conversation_id))


_QUERIES = {"checkpoints": _with_checkpoints, "answers": _with_answers, "conversations": _silent}
_REMOVE = {"checkpoints": _remove_checkpoints, "answers": _remove_answers, "conversations": _remove_conversation}
