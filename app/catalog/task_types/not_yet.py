"""Kinds of data that are recognised although there is no task for them here yet, so that they are not taken for others.

One line in ``NOT_YET`` for each; it falls silent as soon as a task of its kind is in the menu. Looks at names and a sample.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.task_types.generative import find_column
from app.catalog.task_types.text_patterns import is_number

Columns = Sequence[str]
Sample = Sequence[Mapping[str, Any]]

CHOSEN = ("chosen", "preferred", "response_chosen", "chosen_response", "accepted", "winner")
REJECTED = ("rejected", "response_rejected", "rejected_response", "dispreferred", "loser")
LABEL_LISTS = ("labels", "label", "tags", "categories", "topics", "classes", "emotions", "intents")
TOKENS = ("tokens", "words")
SCORES = ("score", "scores", "rating", "grade", "similarity", "complexity")
# Numbers with a fractional part that hardly ever come twice are measured, not chosen from a few.
SCORE_SHARE, DISTINCT_SCORES = 0.9, 20
# Under the names that public sets of this kind give them.
PAIRS = (
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("sentence_a", "sentence_b"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("question1", "question2"),
    ("premise", "hypothesis"),
)
LIST_SHARE = 0.9


@dataclass(frozen=True)
class Recognised:
    """What was recognised: the ``kind`` its task would have, what it is in words, and what can be done with it now."""

    kind: str
    words: str
    hint: str
    fits: Callable[[Columns, Sample], bool]


def _is_preference(columns: Columns, sample: Sample) -> bool:
    return find_column(columns, CHOSEN) is not None and find_column(columns, REJECTED) is not None


def _is_pair(columns: Columns, sample: Sample) -> bool:
    plain = {name.casefold().strip() for name in columns}
    return any(plain.issuperset(pair) for pair in PAIRS)


def _is_score(columns: Columns, sample: Sample) -> bool:
    name = find_column(columns, SCORES)
    given = [str(row[name]).strip() for row in sample if name and row.get(name)]
    if len(set(given)) < DISTINCT_SCORES:
        return False
    return sum(is_number(item) and "." in item for item in given) >= SCORE_SHARE * len(given)


def _is_multi_label(columns: Columns, sample: Sample) -> bool:
    name = find_column(columns, LABEL_LISTS)
    if name is None or find_column(columns, TOKENS):
        return False
    given = [row[name] for row in sample if row.get(name)]
    return bool(given) and sum(map(_is_list_of_labels, given)) >= LIST_SHARE * len(given)


def _is_list_of_labels(cell: Any) -> bool:
    if not isinstance(cell, str) or not cell.lstrip().startswith("["):
        return False
    try:
        value = json.loads(cell)
    except ValueError:
        return False
    return isinstance(value, list) and all(isinstance(item, str | int) for item in value)


NOT_YET: tuple[Recognised, ...] = (
    Recognised(
        "preference",
        "pairs of a preferred and a rejected answer (chosen and rejected)",
        "To learn from the preferred answers alone, choose the goal “Follow instructions” and the column with them.",
        _is_preference,
    ),
    Recognised(
        "pair-classification",
        "pairs of texts with one label for both (such as sentence1 and sentence2)",
        "Put both texts into one column, with a word such as “versus” between them, and choose “Sort texts into categories”.",
        _is_pair,
    ),
    Recognised(
        "regression",
        "texts with a number each (a score instead of a label)",
        "To learn a few levels instead, put the numbers into groups such as low, middle and high; or choose a goal below.",
        _is_score,
    ),
    Recognised(
        "multi-label-classification",
        "texts with several labels each (a list of labels in every row)",
        "To learn one label for each text, write one label instead of the list.",
        _is_multi_label,
    ),
)


def recognise(columns: Columns, sample: Sample, kinds: Sequence[str]) -> Recognised | None:
    """What the data is, if that is something that none of the tasks in ``kinds`` serves."""
    waiting = (task for task in NOT_YET if task.kind not in kinds)
    return next((task for task in waiting if task.fits(columns, sample)), None)
