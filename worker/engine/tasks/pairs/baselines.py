"""Baselines of tasks that compare two texts: words of both with their overlap, words of one alone, vectors of each by itself.

All give probabilities (rows, labels). What one text alone reaches needs no comparison: where that is near the score of the pair, the
label can be predicted from how one of the texts is worded (Gururangan et al. 2018, arXiv 1803.02324; Poliak et al. 2018, arXiv 1805.01042).
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from worker.engine.tasks.classification.baselines import MAX_ITERATIONS, MAX_ROWS, MAX_WORDS, STRENGTH, TOKENS

Pair = tuple[str, str]
Shares = list[list[float]]
# Digits of a probability that are kept with the answers.
DIGITS = 6


def words(train: Sequence[Pair], labels: Sequence[int], test: Sequence[Pair], label_count: int) -> Shares | None:
    """Logistic regression on TF-IDF of each text, on where they differ and agree, and on how many words they share.

    None where the training texts hold no word, or there is one label only.
    """
    step = max(1, -(-len(train) // MAX_ROWS))
    train, labels = train[::step], labels[::step]
    vectorizer = _fitted([text for pair in train for text in pair])
    if vectorizer is None or len(set(labels)) < 2:
        return None
    known, asked = (_pair_vectors(vectorizer, pairs) for pairs in (train, test))
    return _regress(known, labels, asked, label_count)


def words_of_one(train: Sequence[str], labels: Sequence[int], test: Sequence[str], label_count: int) -> Shares | None:
    """The same on one text of each pair alone."""
    step = max(1, -(-len(train) // MAX_ROWS))
    train, labels = train[::step], labels[::step]
    vectorizer = _fitted(train)
    if vectorizer is None or len(set(labels)) < 2:
        return None
    return _regress(vectorizer.transform(train), labels, vectorizer.transform(test), label_count)


def majority(train: Sequence[int], rows: int, label_count: int) -> Shares:
    """The share of each label among the training rows, for every row."""
    shares = np.bincount(train, minlength=label_count) / max(1, len(train))
    return [shares.round(DIGITS).tolist()] * rows


def side_by_side(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """(u, v, \\|u - v\\|) of the vectors of two texts, (rows, 3 hidden), as in Conneau et al. 2017 (arXiv 1705.02364)."""
    return torch.cat([first, second, (first - second).abs()], dim=-1)


def as_shares(logits: torch.Tensor) -> Shares:
    """Probabilities of logits (rows, labels)."""
    found: Shares = np.round(logits.double().softmax(-1).numpy(), DIGITS).tolist()
    return found


def overlap(first: str, second: str, tokens: Any) -> list[float]:
    """Of the words of two texts: shared of all, of the first one's, of the second one's; and how much longer the first one is."""
    one, other = set(tokens(first.lower())), set(tokens(second.lower()))
    shared = len(one & other)
    return [
        shared / max(1, len(one | other)),
        shared / max(1, len(one)),
        shared / max(1, len(other)),
        (len(one) - len(other)) / max(1, len(one), len(other)),
    ]


def _fitted(texts: Sequence[str]) -> TfidfVectorizer | None:
    vectorizer = TfidfVectorizer(token_pattern=TOKENS, sublinear_tf=True, max_features=MAX_WORDS)
    try:
        return vectorizer.fit(texts)
    except ValueError:
        # "empty vocabulary": texts of punctuation alone.
        return None


def _pair_vectors(vectorizer: TfidfVectorizer, pairs: Sequence[Pair]) -> Any:
    first, second = (vectorizer.transform([pair[side] for pair in pairs]) for side in (0, 1))
    tokens = vectorizer.build_tokenizer()
    shared = sparse.csr_matrix(np.array([overlap(*pair, tokens) for pair in pairs]))
    return sparse.hstack([first, second, abs(first - second), first.multiply(second), shared], format="csr")


def _regress(known: Any, labels: Sequence[int], asked: Any, label_count: int) -> Shares:
    regression = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # A baseline needs no solution to many digits.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(known, np.asarray(labels))
    shares: NDArray[np.float64] = np.zeros((asked.shape[0], label_count))
    shares[:, regression.classes_] = regression.predict_proba(asked)
    found: Shares = shares.round(DIGITS).tolist()
    return found
