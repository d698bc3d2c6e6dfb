"""Baselines that need no tuning: the most frequent label for every row, and TF-IDF with one-vs-rest logistic regression."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from worker.engine.tasks.classification.baselines import MAX_ITERATIONS, MAX_ROWS, MAX_WORDS, STRENGTH, TOKENS
from worker.engine.tasks.multi_label.evaluate import Given, Values, choose_thresholds


def majority(train: Given, rows: int) -> Given:
    """The most frequent training label for every row."""
    given = np.zeros((rows, train.shape[1]), dtype=bool)
    given[:, int(train.sum(0).argmax())] = True
    return given


def tfidf(train: Sequence[str], expected: Given, others: Sequence[Sequence[str]]) -> list[Values] | None:
    """Probabilities (rows, labels) for the texts of other splits; None where the training texts hold no word."""
    step = max(1, -(-len(train) // MAX_ROWS))
    train, expected = train[::step], expected[::step]
    vectorizer = TfidfVectorizer(token_pattern=TOKENS, sublinear_tf=True, max_features=MAX_WORDS)
    try:
        words = vectorizer.fit_transform(train)
    except ValueError:
        # "empty vocabulary": texts of punctuation alone.
        return None
    asked = [vectorizer.transform(texts) for texts in others]
    shares = [np.zeros((len(texts), expected.shape[1])) for texts in others]
    for label in range(expected.shape[1]):
        wanted = expected[:, label]
        if wanted.all() or not wanted.any():
            for share in shares:
                share[:, label] = float(wanted.any())
            continue
        regression = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS)
        with warnings.catch_warnings():
            # A baseline needs no solution to many digits.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(words, wanted)
        for share, vectors in zip(shares, asked, strict=True):
            share[:, label] = regression.predict_proba(vectors)[:, 1]
    return shares


def tfidf_answers(
    train: Sequence[str], expected: Given, validation: Sequence[str], wanted: Given, test: Sequence[str]
) -> list[list[int]] | None:
    """1 where a test row is given a label, (rows, labels); thresholds from the validation rows, as those of the tuned model."""
    shares = tfidf(train, expected, (validation, test))
    if shares is None:
        return None
    given: list[list[int]] = (shares[1] > choose_thresholds(shares[0], wanted)).astype(int).tolist()
    return given
