"""Finished runs that were cross-validated, with the conclusion and the sentence of each."""

from app.models import Run
from tests.app.services.evaluation.runs_of_all_kinds import entities, labels

TABLE: list[tuple[str, Run, str, str]] = [
    (
        "cross-validated, good",
        labels(243, 250, majority=60, folds=5),
        "good_enough",
        "97.2 % right on 250 rows, 5-fold cross-validated (95 % interval 92.2 to 99.0 %): good enough where 90 % is needed.",
    ),
    (
        # A test split of 250 rows would have an interval from 91 % on.
        "cross-validated, good but for the folds' common rows",
        labels(236, 250, majority=60, folds=5),
        "cannot_tell",
        "94.4 % right on 250 rows, 5-fold cross-validated (95 % interval 88.5 to 97.4 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "cross-validated, bad",
        labels(150, 250, majority=60, tfidf=(2, 9), folds=5),
        "not_yet",
        "60.0 % right on 250 rows, 5-fold cross-validated (95 % interval 50.7 to 68.6 %): not yet where 90 % is needed.",
    ),
    (
        "cross-validated, perfect",
        labels(150, 150, majority=50, folds=10),
        "good_enough",
        "100.0 % right on 150 rows, 10-fold cross-validated (95 % interval 94.9 to 100.0 %): good enough where 90 % is needed.",
    ),
    (
        "cross-validated, tiny",
        labels(36, 40, majority=12, folds=5),
        "cannot_tell",
        "36 of 40 rows right, 5-fold cross-validated (95 % interval 68 to 97 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        # Significant for a test split (6 rows against none), not for answers of models that share rows.
        "cross-validated, hardly better than the majority class",
        labels(206, 250, majority=200, folds=5),
        "cannot_tell",
        "82.4 % right on 250 rows, 5-fold cross-validated (95 % interval 74.3 to 88.4 %): cannot tell whether it is better than the most frequent label alone, which reaches 80.0 %.",
    ),
    (
        "cross-validated, a label is missed",
        labels(270, 280, majority=140, folds=5, classes={"cancel": (140, 1.0), "fraud": (12, 0.1)}),
        "not_yet",
        "96.4 % right on 280 rows, 5-fold cross-validated (95 % interval 91.5 to 98.5 %): enough altogether where 90 % is needed, but not yet for “fraud”, most of which it misses.",
    ),
    (
        "cross-validated entities, good",
        entities(0.92, (0.88, 0.95), rows=180, folds=5),
        "good_enough",
        "92.0 % entity F1 on 180 sentences, 5-fold cross-validated (95 % interval 88.0 to 95.0 %): good enough where 80 % is needed.",
    ),
    (
        "cross-validated entities, none",
        entities(0.0, (0.0, 0.0), rows=180, folds=5),
        "not_yet",
        "0 % entity F1 on 180 sentences, 5-fold cross-validated: not yet, it finds no entity.",
    ),
]
