"""Baselines that need no tuning: the mean of the training rows, and TF-IDF with ridge regression."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from app.catalog.number_scores import Numbers
from worker.engine.tasks.classification.baselines import MAX_ROWS, MAX_WORDS, TOKENS

# Penalties (scikit-learn's alpha) of the weights of words: the one with the lowest squared error on rows that are held out in turn.
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS, MAX_CHOICE_ROWS = 3, 4_000


def mean(train: Numbers, rows: int) -> Numbers:
    """The mean of the training rows for every row."""
    return np.repeat(train.mean(0, keepdims=True), rows, axis=0)


def tfidf(train: Sequence[str], numbers: Numbers, test: Sequence[str]) -> list[list[float]] | None:
    """Numbers for the test texts, (rows, numbers); None where the training texts hold no word."""
    step = max(1, -(-len(train) // MAX_ROWS))
    train, numbers = train[::step], numbers[::step]
    vectorizer = TfidfVectorizer(token_pattern=TOKENS, sublinear_tf=True, max_features=MAX_WORDS)
    try:
        words = vectorizer.fit_transform(train)
    except ValueError:
        # "empty vocabulary": texts of punctuation alone.
        return None
    answers = _predict(words, numbers, vectorizer.transform(test), _choose_penalty(words, numbers))
    found: list[list[float]] = answers.tolist()
    return found


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
