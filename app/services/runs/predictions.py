"""Held-out rows answered by the base model and by the tuned model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from app.db import snapshot
from app.errors import Rejected
from app.languages import gettext as _
from app.models import Prediction
from app.services.runs import runs

_RIGHT = Prediction.answer == Prediction.expected
_BASE_RIGHT = Prediction.base_answer == Prediction.expected
_BASE_WRONG = or_(Prediction.base_answer.is_(None), Prediction.base_answer != Prediction.expected)

MAX_ROWS = 500

FILTERS: dict[str, ColumnElement[bool]] = {
    "wrong": Prediction.answer != Prediction.expected,
    "right": _RIGHT,
    "improved": and_(_RIGHT, _BASE_WRONG),
    "worsened": and_(Prediction.answer != Prediction.expected, _BASE_RIGHT),
}


@dataclass(frozen=True)
class AnswerFilter:
    """Which answers are wanted; None for all.

    Attributes:
        only: one of ``FILTERS``.
        expected: rows with this expected answer.
        answer: rows that the tuned model gave this answer.
        words: rows with these characters in their text, in either case.
        farther: rows whose stored score exceeds this; of numbers it is the distance.
    """

    only: str | None = None
    expected: str | None = None
    answer: str | None = None
    words: str = ""
    farther: float | None = None

    def rules(self) -> list[ColumnElement[bool]]:
        """The conditions without ``only``."""
        rules: list[ColumnElement[bool]] = []
        if self.expected is not None:
            rules.append(Prediction.expected == self.expected)
        if self.answer is not None:
            rules.append(Prediction.answer == self.answer)
        if self.farther is not None:
            rules.append(Prediction.score > self.farther)
        if self.words:
            rules.append(Prediction.input.icontains(self.words, autoescape=True))
        return rules


@dataclass(frozen=True)
class PredictionDetails:
    """One held-out row with both answers; ``base_answer`` is None where the base model was not asked."""

    row_id: int
    split: str
    input: str
    expected: str
    base_answer: str | None
    answer: str
    score: float


@dataclass(frozen=True)
class PredictionPage:
    """Rows after a cursor, and the number of rows that each of ``FILTERS`` selects."""

    rows: Sequence[PredictionDetails]
    after: int
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def replace(session: Session, run_id: str, rows: Iterable[dict[str, Any]]) -> None:
    """Store the answers of a finished run, in the transaction that ends its job."""
    session.execute(delete(Prediction).where(Prediction.run_id == run_id))
    batch = [{"run_id": run_id, **row} for row in rows]
    for start in range(0, len(batch), 1000):
        session.execute(insert(Prediction), batch[start : start + 1000])


def page(
    user_id: str,
    run_id: str,
    wanted: AnswerFilter = AnswerFilter(),
    *,
    limit: int = 50,
    after: int = 0,
) -> PredictionPage:
    """Rows after the cursor, oldest first.

    The counts are those of each filter among the rows that the rest of ``wanted`` leaves.

    Raises:
        Rejected: an unknown filter.
        NotFound: the run is not theirs.
    """
    if wanted.only is not None and wanted.only not in FILTERS:
        raise Rejected(
            "unknown_filter",
            _("There is no filter {only}.", only=repr(wanted.only)),
            _("Use one of: ") + ", ".join(FILTERS) + ".",
        )
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        mine = and_(Prediction.run_id == run_id, *wanted.rules())
        query = select(Prediction).where(mine, Prediction.seq > after).order_by(Prediction.seq)
        if wanted.only:
            query = query.where(FILTERS[wanted.only])
        rows = session.scalars(query.limit(max(1, min(limit, MAX_ROWS)))).all()
        counts = {name: session.scalar(select(func.count()).where(mine, rule)) or 0 for name, rule in FILTERS.items()}
    found = [
        PredictionDetails(row.row_id, row.split, row.input, row.expected, row.base_answer, row.answer, row.score)
        for row in rows
    ]
    return PredictionPage(found, rows[-1].seq if rows else after, counts)
