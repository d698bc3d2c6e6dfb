"""Baselines of text classification that need no tuning: TF-IDF + logistic regression, and nearest neighbours.

Each answers the test rows of the run itself, so that a paired test can say whether tuning was worth it. Answers are cached
under the hash of everything that they depend on: texts, labels and splits, or vectors.
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from app import files

# Part of the cache key: raised when a recipe changes.
RECIPE = "1"
# Scripts without spaces between words are taken character by character.
TOKENS = r"(?u)[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\b\w+\b"
# Inverse strength of the penalty. Banking77: 0.900 in 2.3 s of one core; pairs of words cost six times more and gain nothing there.
STRENGTH = 10.0
MAX_ITERATIONS = 100
MAX_WORDS = 50_000
# More training rows add little to words alone and cost minutes.
MAX_ROWS = 50_000
NEIGHBOURS = 5

Answer = TypeVar("Answer")
PORTION_ROWS = 1024


def tfidf_answers(train: Sequence[str], labels: Sequence[int], test: Sequence[str]) -> list[int] | None:
    """Label numbers for the test texts; None where the training texts hold no word or only one label."""
    step = max(1, -(-len(train) // MAX_ROWS))
    train, labels = train[::step], labels[::step]
    vectorizer = TfidfVectorizer(token_pattern=TOKENS, sublinear_tf=True, max_features=MAX_WORDS)
    if len(set(labels)) < 2:
        return None
    try:
        words = vectorizer.fit_transform(train)
    except ValueError:
        # "empty vocabulary": texts of punctuation alone.
        return None
    regression = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # A baseline needs no solution to many digits.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(words, np.asarray(labels))
    return [int(answer) for answer in regression.predict(vectorizer.transform(test))]


def neighbour_answers(train: torch.Tensor, labels: Sequence[int], test: torch.Tensor, label_count: int) -> list[int]:
    """Label numbers for test vectors (rows, hidden): votes of the nearest training vectors, weighted by cosine similarity."""
    known, targets = torch.nn.functional.normalize(train, dim=-1), torch.tensor(labels)
    answers: list[int] = []
    asked = torch.nn.functional.normalize(test, dim=-1)
    for start in range(0, len(asked), PORTION_ROWS):
        portion = asked[start : start + PORTION_ROWS]
        similarity, nearest = (portion @ known.T).topk(min(NEIGHBOURS, len(known)))
        votes = torch.zeros(len(portion), label_count)
        # Distances from the opposite, so that a vote never counts against its label.
        votes.scatter_add_(1, targets[nearest], 1 + similarity)
        answers += votes.argmax(-1).tolist()
    return answers


def remember(cache: Path | None, key: Sequence[str], answer: Callable[[], list[Answer] | None]) -> list[Answer] | None:
    """The answers under this key, read back or found and kept."""
    if cache is None:
        return answer()
    digest = hashlib.sha256("\0".join([RECIPE, *key]).encode()).hexdigest()
    path = cache / "baselines" / f"{digest}.json"
    if path.exists():
        kept: list[Answer] | None = json.loads(path.read_bytes())
        return kept
    found = answer()
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, found)
    return found


def discordant(
    answers: Mapping[str, Sequence[int]], tuned: Sequence[int], expected: Sequence[int]
) -> dict[str, dict[str, int]]:
    """Per baseline the rows that only one of the two got right: all that McNemar's test needs."""
    counts = {}
    for name, given in answers.items():
        rows = list(zip(tuned, given, expected, strict=True))
        counts[name] = {
            "tuned_only": sum(one == right != other for one, other, right in rows),
            "baseline_only": sum(other == right != one for one, other, right in rows),
        }
    return counts
