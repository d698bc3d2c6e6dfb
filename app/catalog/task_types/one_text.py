"""Whether the label of two texts can be predicted from one of them alone, without any comparison.

Naive Bayes on the words of one text, asked about rows that it was not fitted on (the "hypothesis only" baseline, Poliak et al. 2018,
arXiv 1805.01042). Rows with the same text stay in one half, so that nothing is learned by heart.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

# Enough to see it, in a fraction of a second.
MAX_ROWS, MAX_WORDS = 3000, 120
MIN_ROWS = 100
# Of what the commonest label leaves to gain, and in standard errors; less is chance, or no shortcut worth a word.
TELLING_SHARE, TELLING_ERRORS = 0.25, 4.0
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")


class OneTextAccuracy(NamedTuple):
    """Shares of the rows: answered right by one text alone, and of the commonest label; and how many were asked about."""

    right: float
    commonest: float
    rows: int

    @property
    def tells(self) -> bool:
        """Whether one text tells the label much better than the commonest label does."""
        gain, error = self.right - self.commonest, math.sqrt(0.25 / max(1, self.rows))
        return self.rows >= MIN_ROWS and gain >= max(TELLING_SHARE * (1 - self.commonest), TELLING_ERRORS * error)


def words_of(text: str) -> frozenset[str]:
    """The different words of a text, without case; characters where words are not spaced."""
    return frozenset(_WORD.findall(text.casefold())[:MAX_WORDS])


def predict_from_one(texts: Sequence[frozenset[str]], labels: Sequence[str]) -> OneTextAccuracy:
    """How well the words of one text tell the label.

    Args:
        texts: the words of each row, see :func:`words_of`.
    """
    known: dict[frozenset[str], int] = {}
    halves = [known.setdefault(words, len(known)) % 2 for words in texts]
    right = 0
    for half in (0, 1):
        train = [(words, label) for words, label, own in zip(texts, labels, halves, strict=True) if own != half]
        test = [(words, label) for words, label, own in zip(texts, labels, halves, strict=True) if own == half]
        right += _right(train, test)
    commonest = max(Counter(labels).values(), default=0)
    return OneTextAccuracy(right / max(1, len(labels)), commonest / max(1, len(labels)), len(labels))


def _right(train: Sequence[tuple[frozenset[str], str]], test: Sequence[tuple[frozenset[str], str]]) -> int:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows = Counter(label for _, label in train)
    for words, label in train:
        counts[label].update(words)
    vocabulary = len({word for counted in counts.values() for word in counted})
    totals = {label: counted.total() + vocabulary for label, counted in counts.items()}

    def score(words: frozenset[str], label: str) -> float:
        own, total = counts[label], totals[label]
        return math.log(rows[label]) + sum(math.log((own[word] + 1) / total) for word in words)

    return sum(label == max(counts, key=lambda one: score(words, one)) for words, label in test) if counts else 0
