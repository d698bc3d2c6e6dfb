"""Whether generated answers are language and say something: cheap checks that need no second model.

A loss says nothing about that: it falls as soon as a model learns which tokens are frequent. The references of the same rows show
what the measures give for real answers, so no threshold depends on the language.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

# Scripts without spaces between words are taken character by character.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
# A text of fewer words has no room to repeat itself.
FEWEST_WORDS = 12
# Share of different triples of words below which a text repeats itself; of human answers nearly all differ.
DIFFERENT = 0.5
# The same answer to so many questions is no accident.
FEWEST_COPIES = 3
# Pairs of words that are kept, to bound memory.
MAX_PAIRS = 2_000_000

Pair = tuple[str, str]


def words_of(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return _WORD.findall(text.casefold())


def known_pairs(texts: Iterable[str]) -> set[Pair]:
    """Pairs of neighbouring words that occur in some texts."""
    known: set[Pair] = set()
    for text in texts:
        known.update(_pairs(text))
        if len(known) >= MAX_PAIRS:
            break
    return known


def known_share(texts: Iterable[str], known: set[Pair]) -> float | None:
    """Share of the pairs of neighbouring words of all texts that are known; None where there are none."""
    pairs = [pair for text in texts for pair in _pairs(text)]
    return sum(pair in known for pair in pairs) / len(pairs) if pairs else None


def count_repeating(answers: Sequence[str], references: Sequence[str]) -> int:
    """Answers that repeat themselves, or that are given more than twice as often as any reference is expected."""
    given = Counter(answer.casefold() for answer in answers)
    most_expected = max(Counter(reference.casefold() for reference in references).values(), default=0)
    often = max(FEWEST_COPIES, 2 * most_expected + 1)
    return sum(repeats(answer) or given[answer.casefold()] >= often for answer in answers)


def repeats(text: str) -> bool:
    """Whether most triples of words of a text have been there before."""
    words = words_of(text)
    if len(words) < FEWEST_WORDS:
        return False
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(triples)) < DIFFERENT * len(triples)


def counting_loss(train: Iterable[int], test: Sequence[int], vocabulary: int) -> float:
    """Mean loss (nats) of test tokens by their frequency among the training tokens, each counted once more than it occurs."""
    counts = Counter(train)
    total = counts.total() + vocabulary
    return -sum(math.log((counts[token] + 1) / total) for token in test) / max(1, len(test))


def _pairs(text: str) -> Iterable[Pair]:
    return pairwise(words_of(text))
