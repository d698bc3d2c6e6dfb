"""Scores of marked entities: one is right only when its beginning, its end and its type are. Pure arithmetic.

The strict reading of CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), as in seqeval's strict mode. Sentences are counted
one by one, so that a comparison can draw sentences anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.intervals import widened, wilson

# What stands in the confusion table where one side has no entity.
NOTHING = "(nothing)"
ROUNDS = 1000

Spans = Sequence[Sequence[Any]]


class Counts(NamedTuple):
    """Entities that were marked rightly, that were marked at all, and that should have been."""

    right: int
    given: int
    wanted: int

    @property
    def scores(self) -> dict[str, float]:
        """``f1``, ``precision``, ``recall``; 0 where there is nothing to divide by."""
        return {
            "f1": 2 * self.right / (self.given + self.wanted) if self.given + self.wanted else 0.0,
            "precision": self.right / self.given if self.given else 0.0,
            "recall": self.right / self.wanted if self.wanted else 0.0,
        }


def count(expected: Spans, answered: Spans) -> Counts:
    """Counts of one sentence; spans are (start, end, label)."""
    wanted, given = {tuple(entity) for entity in expected}, {tuple(span) for span in answered}
    return Counts(len(wanted & given), len(given), len(wanted))


def total(counts: Sequence[Counts]) -> Counts:
    """The sum over sentences."""
    return Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts(0, 0, 0)


def per_type(expected: Sequence[Spans], answered: Sequence[Spans], labels: Sequence[str]) -> list[dict[str, Any]]:
    """``{"label", "precision", "recall", "f1", "count"}`` for each type; ``count`` entities were to be found."""
    rows = []
    for label in labels:
        counts = total(
            [count(_of(label, one), _of(label, other)) for one, other in zip(expected, answered, strict=True)]
        )
        rows.append({"label": label, **counts.scores, "count": counts.wanted})
    return rows


def confusion(expected: Sequence[Spans], answered: Sequence[Spans], labels: Sequence[str]) -> list[list[int]]:
    """Counts by expected type (row) and marked type (column), the last of each being :data:`NOTHING`.

    An entity is held against the one that shares most of its characters, so that a wrong end does not look like a miss.
    """
    column: Mapping[str, int] = {label: number for number, label in enumerate([*labels, NOTHING])}
    table = [[0] * len(column) for _ in column]
    for one, other in zip(expected, answered, strict=True):
        met = set()
        for wanted in one:
            shared = [_overlap(wanted, given) for given in other]
            best = max(range(len(shared)), key=lambda at: shared[at], default=-1)
            hit = best >= 0 and shared[best] > 0
            met |= {at for at, size in enumerate(shared) if size > 0}
            table[column[wanted[2]]][column[other[best][2]] if hit else -1] += 1
        for at, given in enumerate(other):
            if at not in met:
                table[-1][column[given[2]]] += 1
    return table


def f1_interval(
    counts: Sequence[Counts], seed: int = 0, rounds: int = ROUNDS, factor: float = 1.0
) -> tuple[float, float]:
    """95 % interval of F1 when sentences are drawn anew (bootstrap, Efron and Tibshirani 1993).

    Where every sentence is right, or none, drawing anew changes nothing; then the entities count as one share.

    Args:
        factor: by which the variance exceeds that of independent sentences; see :func:`app.intervals.pooled_variance_factor`.
    """
    whole = total(counts)
    if not whole.wanted or whole.right in (0, max(whole.given, whole.wanted)):
        return wilson(whole.scores["f1"], whole.wanted, factor)
    low, high = np.quantile(draw_f1(np.array(counts, dtype=float)[:, :, None], seed, rounds)[:, 0], (0.025, 0.975))
    return widened((float(low), float(high)), whole.scores["f1"], factor)


def draw_f1(table: np.ndarray, seed: int, rounds: int) -> np.ndarray:
    """F1 of each model on ``rounds`` drawings of the sentences, (rounds, models).

    Args:
        table: right, given and wanted of each sentence and model, (sentences, 3, models).
    """
    random = np.random.default_rng(seed)
    sentences = len(table)
    drawn = np.empty((rounds, table.shape[2]))
    for at in range(rounds):
        right, given, wanted = table[random.integers(0, sentences, sentences)].sum(0)
        drawn[at] = 2 * right / np.maximum(given + wanted, 1)
    return drawn


def most_common_tag(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Word -> the tag that it has most often; the first in the alphabet of equals."""
    counts: dict[str, Counter[str]] = {}
    for word, tag in pairs:
        counts.setdefault(word, Counter())[tag] += 1
    return {word: min(tags, key=lambda tag: (-tags[tag], tag)) for word, tags in counts.items()}


def _of(label: str, spans: Spans) -> list[Sequence[Any]]:
    return [span for span in spans if span[2] == label]


def _overlap(one: Sequence[Any], other: Sequence[Any]) -> int:
    return min(int(one[1]), int(other[1])) - max(int(one[0]), int(other[0]))
