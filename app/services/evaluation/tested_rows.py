"""The rows that the results of a run are about: a test split, or all rows by cross-validation; and what follows for intervals.

Answers of a cross-validation are not independent, since its models share training rows. So the variance of every share and of every
paired difference is that of independent rows times the factor in the results (:func:`app.intervals.pooled_variance_factor`).
"""

from collections.abc import Mapping
from typing import Any

from app.intervals import wilson
from app.languages import decimal
from app.languages import gettext as _

Results = Mapping[str, Any]


def count_rows(results: Results) -> int:
    """Number of rows that were answered."""
    return int(results.get("test_rows") or 0)


def folds(results: Results) -> int:
    """Folds of the cross-validation; 0 without one."""
    return int((results.get("cross_validation") or {}).get("folds") or 0)


def variance_factor(results: Results) -> float:
    """By which the variance exceeds that of independent rows; 1 for a test split."""
    return float((results.get("cross_validation") or {}).get("factor") or 1.0)


def interval(share: float, results: Results, rows: int | None = None) -> tuple[float, float]:
    """95 % interval of a share of all rows, or of so many of them."""
    return wilson(share, count_rows(results) if rows is None else rows, variance_factor(results))


def rows_words(results: Results) -> str:
    """ "700 test rows", "250 rows, 5-fold cross-validated", or "256 of 1,000 test sources" where some were drawn."""
    if (sources := int(results.get("sources") or 0)) > count_rows(results):
        return _("{rows} of {sources} test sources", rows=decimal(count_rows(results)), sources=decimal(sources))
    return words_of(count_rows(results), folds(results))


def words_of(rows: int, folds: int) -> str:
    """The same from its numbers."""
    if folds:
        return _("{rows} rows, {folds}-fold cross-validated", rows=decimal(rows), folds=folds)
    return _("{test_rows} test rows", test_rows=decimal(rows))


def sentences_words(results: Results) -> str:
    """ "500 test sentences", or "150 sentences, 5-fold cross-validated"."""
    rows = decimal(count_rows(results))
    if folds(results):
        return _("{rows} sentences, {folds}-fold cross-validated", rows=rows, folds=folds(results))
    return _("{rows} test sentences", rows=rows)
