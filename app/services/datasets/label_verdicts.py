"""What people decided about labels that a review doubted. A verdict is about texts and label, so it holds in every version."""

from collections import Counter

from sqlalchemy import select

from app.db import snapshot, transaction
from app.errors import Rejected
from app.languages import gettext as _
from app.models import LabelVerdict

KEPT, CORRECTED = "kept", "corrected"
VERDICTS = (KEPT, CORRECTED)


def record(user_id: str, dataset_id: str, content: str, verdict: str) -> None:
    """Store a verdict about a content of a dataset that is theirs; the last one counts.

    Raises:
        Rejected: there is no such verdict.
    """
    if verdict not in VERDICTS:
        raise Rejected(
            "invalid_value",
            _("There is no verdict {verdict}.", verdict=repr(verdict[:60])),
            _("Choose one of: {names}.", names=", ".join(VERDICTS)),
        )
    with transaction() as session:
        query = select(LabelVerdict).where(LabelVerdict.dataset_id == dataset_id, LabelVerdict.content == content)
        row = session.scalars(query).one_or_none()
        if row is None:
            row = LabelVerdict(dataset_id=dataset_id, content=content)
            session.add(row)
        row.user_id, row.verdict = user_id, verdict


def kept_contents(dataset_id: str) -> set[str]:
    """Contents whose label somebody has looked at and kept."""
    query = select(LabelVerdict.content).where(LabelVerdict.dataset_id == dataset_id, LabelVerdict.verdict == KEPT)
    with snapshot() as session:
        return set(session.scalars(query))


def counts(dataset_id: str) -> dict[str, int]:
    """``{"kept", "corrected"}``: how many labels were decided about in each way, over all versions."""
    with snapshot() as session:
        given = Counter(session.scalars(select(LabelVerdict.verdict).where(LabelVerdict.dataset_id == dataset_id)))
    return {verdict: given[verdict] for verdict in VERDICTS}
