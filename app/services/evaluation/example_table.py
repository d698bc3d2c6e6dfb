"""The same held-out rows answered by several runs, the ones they disagree about first. Knows no page."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import select

from app.catalog.task_types import task_type
from app.db import snapshot
from app.errors import Rejected
from app.models import Prediction
from app.services.runs import runs

ORDERS = ("disagreement", "wrong", "file")
MOST_RUNS = 10


def page(
    user_id: str, run_ids: Sequence[str], *, order: str = "disagreement", limit: int = 25, after: int = 0
) -> dict[str, Any]:
    """Rows that every one of the runs answered, from number ``after`` of the chosen order on.

    Args:
        order: ``disagreement`` (most different answers first), ``wrong`` (most runs wrong first) or ``file``. Written
            answers are as different as the share of words that two of them do not have in common.

    Returns:
        ``{"rows": [{"row_id", "input", "expected", "base_answer", "answers": {run: {"answer", "score"}}, "different"}],
        "after", "total", "disagreeing", "comparable"}``; no rows when the runs were tested on different data.

    Raises:
        Rejected: an unknown order, or none or too many runs.
        NotFound: a run that is not theirs.
    """
    wanted = list(dict.fromkeys(run_ids))
    if order not in ORDERS:
        raise Rejected("unknown_order", f"There is no order {order!r}.", "Use one of: " + ", ".join(ORDERS) + ".")
    if not 1 <= len(wanted) <= MOST_RUNS:
        raise Rejected("wrong_number_of_runs", f"{len(wanted)} runs were asked for.", f"Ask for 1 to {MOST_RUNS} runs.")
    found = [runs.get_run(user_id, run_id) for run_id in wanted]
    data = {(run.dataset_version_id, str(sorted(run.spec["columns"].items()))) for run in found}
    if len(data) > 1:
        return {"rows": [], "after": 0, "total": 0, "disagreeing": 0, "comparable": False}
    shared = _shared(wanted)
    weights = _written_weights if task_type(found[0].task_type).family == "generation" else _weights
    keys = {row_id: weights(answers, order) for row_id, answers in shared.items()}
    places = sorted(shared, key=lambda row_id: (*keys[row_id], row_id))
    chosen = places[after : after + max(1, min(limit, 200))]
    return {
        "rows": _rows(wanted, chosen),
        "after": after + len(chosen),
        "total": len(shared),
        "disagreeing": sum(len({answer for answer, _ in answers}) > 1 for answers in shared.values()),
        "comparable": True,
    }


def _shared(run_ids: Sequence[str]) -> dict[int, list[tuple[str, str]]]:
    """Row id -> (answer, expected) of each run, for rows that all of them answered."""
    # The table rather than the mapped class: nothing of so many rows needs mapping.
    of = Prediction.__table__.c
    query = select(of.row_id, of.answer, of.expected).where(of.run_id.in_(run_ids), of.split == "test")
    answers: dict[int, list[tuple[str, str]]] = {}
    with snapshot() as session:
        for row_id, answer, expected in session.execute(query):
            answers.setdefault(row_id, []).append((answer, expected))
    return {row_id: found for row_id, found in answers.items() if len(found) == len(run_ids)}


def _weights(answers: Sequence[tuple[str, str]], order: str) -> tuple[int, int]:
    different = len({answer for answer, _ in answers})
    wrong = sum(answer != expected for answer, expected in answers)
    return {"disagreement": (-different, -wrong), "wrong": (-wrong, -different), "file": (0, 0)}[order]


def _written_weights(answers: Sequence[tuple[str, str]], order: str) -> tuple[float, float]:
    pairs = list(combinations([answer for answer, _ in answers], 2))
    different = sum(word_distance(*pair) for pair in pairs) / len(pairs) if pairs else 0.0
    wrong = sum(word_distance(answer, expected) for answer, expected in answers) / len(answers)
    return {"disagreement": (-different, -wrong), "wrong": (-wrong, -different), "file": (0.0, 0.0)}[order]


def word_distance(one: str, other: str) -> float:
    """Share of words that two texts do not have in common, whatever their order: 0 the same words, 1 none shared."""
    first, second = Counter(one.split()), Counter(other.split())
    total = first.total() + second.total()
    return 1 - 2 * (first & second).total() / total if total else 0.0


def _rows(run_ids: Sequence[str], row_ids: Sequence[int]) -> list[dict[str, Any]]:
    query = select(Prediction).where(
        Prediction.run_id.in_(run_ids), Prediction.split == "test", Prediction.row_id.in_(row_ids)
    )
    told: dict[int, dict[str, Any]] = {}
    with snapshot() as session:
        for each in session.scalars(query):
            about = {"row_id": each.row_id, "input": each.input, "expected": each.expected, "base_answer": None}
            row = told.setdefault(each.row_id, {**about, "answers": {}})
            row["answers"][each.run_id] = {"answer": each.answer, "score": each.score}
            row["base_answer"] = row["base_answer"] or each.base_answer
    for row in told.values():
        row["different"] = len({given["answer"] for given in row["answers"].values()}) > 1
    return [told[row_id] for row_id in row_ids if row_id in told]
