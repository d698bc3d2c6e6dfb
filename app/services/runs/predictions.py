"""Held-out rows answered by the base model and by the tuned model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from app.db import snapshot
from app.errors import Rejected
from app.models import Prediction
from app.services.runs import runs

_RIGHT = Prediction.answer == Prediction.expected
_BASE_RIGHT = Prediction.base_answer == Prediction.expected
_BASE_WRONG = or_(Prediction.base_answer.is_(None), Prediction.base_answer != Prediction.expected)

FILTERS: dict[str, ColumnElement[bool]] = {
    "wrong": Prediction.answer != Prediction.expected,
    "right": _RIGHT,
    "improved": and_(_RIGHT, _BASE_WRONG),
    "worsened": and_(Prediction.answer != Prediction.expected, _BASE_RIGHT),
}


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


def page(user_id: str, run_id: str, *, only: str | None = None, limit: int = 50, after: int = 0) -> PredictionPage:
    """Rows after the cursor, oldest first; ``only`` names one of ``FILTERS``.

    Raises:
        Rejected: an unknown filter.
        NotFound: the run is not theirs.
    """
    if only is not None and only not in FILTERS:
        raise Rejected("unknown_filter", f"There is no filter {only!r}.", "Use one of: " + ", ".join(FILTERS) + ".")
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        mine = Prediction.run_id == run_id
        query = select(Prediction).where(mine, Prediction.seq > after).order_by(Prediction.seq)
        if only:
            query = query.where(FILTERS[only])
        rows = session.scalars(query.limit(max(1, min(limit, 500)))).all()
        counts = {name: session.scalar(select(func.count()).where(mine, rule)) or 0 for name, rule in FILTERS.items()}
    found = [
        PredictionDetails(row.row_id, row.split, row.input, row.expected, row.base_answer, row.answer, row.score)
        for row in rows
    ]
    return PredictionPage(found, rows[-1].seq if rows else after, counts)
