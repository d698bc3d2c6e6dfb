"""Tables: columns that copy parts of a run's results."""

import pytest
from sqlalchemy import exc

from app import models
from app.db import snapshot, transaction
from app.models import Run, User
from tests.factories import make_run, make_user


@pytest.mark.parametrize(
    ("metrics", "headline"),
    [
        ({"loss": 0.3, "accuracy": 0.9, "f1": 0.8}, 0.9),
        ({"eval_loss": 0.3, "f1": 0.8}, 0.8),
        ({"loss": 0.3}, None),
        ({}, None),
    ],
)
def test_headline_metric_is_accuracy_or_the_first_that_is_no_loss(metrics: dict, headline: float | None) -> None:
    assert models.headline_metric(metrics) == headline


def test_results_are_copied_to_the_columns_that_runs_are_sorted_by(owner: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        session.get_one(Run, run.id).results = {
            "metrics": {"accuracy": 0.9},
            "train_loss": 0.2,
            "seconds": {"total": 12.5},
            "peak_memory_bytes": 1 << 30,
        }
    with snapshot() as session:
        stored = session.get_one(Run, run.id)
    assert (stored.quality, stored.train_loss, stored.seconds, stored.memory_bytes) == (0.9, 0.2, 12.5, 1 << 30)
    with transaction() as session:
        session.get_one(Run, run.id).results = None
    with snapshot() as session:
        assert session.get_one(Run, run.id).quality is None


def test_two_users_of_one_name_are_refused(owner: str) -> None:
    make_user("ann")
    with pytest.raises(exc.IntegrityError), transaction() as session:
        session.add(User(name="ann"))
