"""Baselines that need no tuning: the mean of the training rows, and TF-IDF with ridge regression."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from app.catalog.number_scores import Numbers
from app.catalog.task_types.text_pairs import TextInput
from worker.engine.tasks.classification.baselines import MAX_ROWS, MAX_WORDS, TOKENS

# Penalties (scikit-learn's alpha) of the weights of words: the one with the lowest squared error on rows that are held out in turn.
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS, MAX_CHOICE_ROWS = 3, 4_000


def mean(train: Numbers, rows: int) -> Numbers:
    """The mean of the training rows for every row."""
    return np.repeat(train.mean(0, keepdims=True), rows, axis=0)


def tfidf(train: Sequence[TextInput], numbers: Numbers, test: Sequence[TextInput]) -> list[list[float]] | None:
    """Numbers for the test texts, (rows, numbers); None where the training texts hold no word.

    Of two texts each has words of its own.
    """
    step = max(1, -(-len(train) // MAX_ROWS))
    train, numbers = train[::step], numbers[::step]
    parts = []
    for known, asked in zip(_sides(train), _sides(test), strict=True):
        vectorizer = TfidfVectorizer(token_pattern=TOKENS, sublinear_tf=True, max_features=MAX_WORDS)
        try:
            parts.append((vectorizer.fit_transform(known), vectorizer.transform(asked)))
        except ValueError:
            # "empty vocabulary": texts of punctuation alone.
            continue
    if not parts:
        return None
    words, others = (hstack(side).tocsr() for side in zip(*parts, strict=True))
    found: list[list[float]] = _predict(words, numbers, others, _choose_penalty(words, numbers)).tolist()
    return found


def _sides(texts: Sequence[TextInput]) -> list[list[str]]:
    """The first texts, and the second ones of pairs."""
    return [list(side) for side in zip(*((text,) if isinstance(text, str) else text for text in texts), strict=True)]


def _choose_penalty(words: Any, numbers: Numbers) -> float:
    order = np.random.default_rng(0).permutation(len(numbers))[:MAX_CHOICE_ROWS]
    words, numbers = words[order], numbers[order]
    errors = np.zeros(len(PENALTIES))
    folds = np.arange(len(numbers)) % FOLDS
    for fold in range(FOLDS):
        held_out = folds == fold
        for at, penalty in enumerate(PENALTIES):
            answers = _predict(words[~held_out], numbers[~held_out], words[held_out], penalty)
            errors[at] += ((answers - numbers[held_out]) ** 2).sum()
    return PENALTIES[int(errors.argmin())]


def _predict(words: Any, numbers: Numbers, asked: Any, penalty: float) -> Numbers:
    # In standard deviations, so that no number of several outweighs the others.
    middle, deviation = numbers.mean(0), np.where(numbers.std(0) > 0, numbers.std(0), 1.0)
    regression = Ridge(alpha=penalty, solver="sparse_cg").fit(words, (numbers - middle) / deviation)
    answers: Numbers = regression.predict(asked).reshape(asked.shape[0], -1) * deviation + middle
    return answers
