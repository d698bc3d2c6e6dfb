"""Votes on single answers of runs, thumbs up or down, and their number for each run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import case, delete, func, select

from app.db import snapshot, transaction
from app.errors import NotFound
from app.languages import gettext as _
from app.models import Prediction
from app.models_saved import AnswerVote
from app.services.evaluation.example_table import ExamplePage
from app.services.runs import runs

VALUES = {"up": 1, "down": -1}
NAMES = {value: name for name, value in VALUES.items()}


@dataclass(frozen=True)
class VoteCount:
    """How many answers of a run were voted good and bad."""

    up: int = 0
    down: int = 0

    def as_dict(self) -> dict[str, int]:
        """``{"up", "down"}``."""
        return asdict(self)


def vote(user_id: str, run_id: str, row_id: int, name: str | None) -> VoteCount:
    """Store the vote (``up``, ``down``) on the run's answer to a test row; None takes it back.

    Raises:
        NotFound: a run that is not theirs, or a row that it did not answer.
    """
    with transaction() as session:
        runs.find(session, user_id, run_id)
        answered = select(Prediction.seq).where(
            Prediction.run_id == run_id, Prediction.split == "test", Prediction.row_id == row_id
        )
        if session.scalar(answered) is None:
            raise NotFound(
                "row_not_found", _("This run did not answer a test row {row_id}.", row_id=row_id), _("Reload the page.")
            )
        own = (AnswerVote.owner_id == user_id, AnswerVote.run_id == run_id, AnswerVote.row_id == row_id)
        session.execute(delete(AnswerVote).where(*own))
        if name is not None:
            session.add(AnswerVote(owner_id=user_id, run_id=run_id, row_id=row_id, value=VALUES[name]))
    return count_votes(user_id, [run_id])[run_id]


def count_votes(user_id: str, run_ids: Sequence[str]) -> dict[str, VoteCount]:
    """Run id -> the person's votes on its answers."""
    up, down = (func.sum(case((AnswerVote.value == value, 1), else_=0)) for value in VALUES.values())
    query = select(AnswerVote.run_id, up, down).where(AnswerVote.owner_id == user_id, AnswerVote.run_id.in_(run_ids))
    with snapshot() as session:
        found = session.execute(query.group_by(AnswerVote.run_id)).all()
    counted = {run_id: VoteCount(int(good), int(bad)) for run_id, good, bad in found}
    return {run_id: counted.get(run_id, VoteCount()) for run_id in run_ids}


def with_votes(user_id: str, run_ids: Sequence[str], page: ExamplePage) -> dict[str, Any]:
    """The page as JSON with the person's ``vote`` on each answer, and ``votes`` by run."""
    row_ids = [row.row_id for row in page.rows]
    query = select(AnswerVote.run_id, AnswerVote.row_id, AnswerVote.value).where(
        AnswerVote.owner_id == user_id, AnswerVote.run_id.in_(run_ids), AnswerVote.row_id.in_(row_ids)
    )
    with snapshot() as session:
        given = {(run_id, row_id): NAMES[value] for run_id, row_id, value in session.execute(query)}
    payload = page.as_dict()
    for row in payload["rows"]:
        for run_id, answer in row["answers"].items():
            answer["vote"] = given.get((run_id, row["row_id"]))
    counts = count_votes(user_id, run_ids)
    return {**payload, "votes": {run_id: count.as_dict() for run_id, count in counts.items()}}
