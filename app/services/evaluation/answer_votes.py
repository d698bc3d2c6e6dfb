"""What a person thinks of single answers of runs: thumbs up or down, counted for each run. Knows no page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, func, select

from app.db import snapshot, transaction
from app.errors import NotFound
from app.models import Prediction
from app.models_kept import AnswerVote
from app.services.runs import runs

VALUES = {"up": 1, "down": -1}
NAMES = {value: name for name, value in VALUES.items()}


def cast(user_id: str, run_id: str, row_id: int, vote: str | None) -> dict[str, int]:
    """Keep what the person thinks of the run's answer to a test row; None takes it back. Returns the run's tally.

    Raises:
        NotFound: a run that is not theirs, or a row that it did not answer.
    """
    with transaction() as session:
        runs.find(session, user_id, run_id)
        answered = select(Prediction.seq).where(
            Prediction.run_id == run_id, Prediction.split == "test", Prediction.row_id == row_id
        )
        if session.scalar(answered) is None:
            raise NotFound("row_not_found", f"This run did not answer a test row {row_id}.", "Reload the page.")
        mine = (AnswerVote.owner_id == user_id, AnswerVote.run_id == run_id, AnswerVote.row_id == row_id)
        session.execute(delete(AnswerVote).where(*mine))
        if vote is not None:
            session.add(AnswerVote(owner_id=user_id, run_id=run_id, row_id=row_id, value=VALUES[vote]))
    return tallies(user_id, [run_id])[run_id]


def tallies(user_id: str, run_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Run id -> ``{"up", "down"}``, how many of its answers the person found good and bad."""
    up, down = (func.sum(case((AnswerVote.value == value, 1), else_=0)) for value in VALUES.values())
    query = select(AnswerVote.run_id, up, down).where(AnswerVote.owner_id == user_id, AnswerVote.run_id.in_(run_ids))
    told = {run_id: {"up": 0, "down": 0} for run_id in run_ids}
    with snapshot() as session:
        for run_id, good, bad in session.execute(query.group_by(AnswerVote.run_id)):
            told[run_id] = {"up": int(good), "down": int(bad)}
    return told


def beside(user_id: str, run_ids: Sequence[str], page: dict[str, Any]) -> dict[str, Any]:
    """A page of ``example_table`` with the person's votes: ``"vote"`` of each answer, and ``"votes"`` by run."""
    row_ids = [row["row_id"] for row in page["rows"]]
    query = select(AnswerVote.run_id, AnswerVote.row_id, AnswerVote.value).where(
        AnswerVote.owner_id == user_id, AnswerVote.run_id.in_(run_ids), AnswerVote.row_id.in_(row_ids)
    )
    with snapshot() as session:
        given = {(run_id, row_id): NAMES[value] for run_id, row_id, value in session.execute(query)}
    for row in page["rows"]:
        for run_id, answer in row["answers"].items():
            answer["vote"] = given.get((run_id, row["row_id"]))
    return {**page, "votes": tallies(user_id, run_ids)}
