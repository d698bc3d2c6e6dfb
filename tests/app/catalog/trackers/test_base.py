"""A run as trackers see it."""

import json

from app.catalog.trackers import TrackedRun

RUN = TrackedRun(
    id="r1",
    name="Letters",
    project="Support: letters",
    started_at=10.0,
    ended_at=20.0,
    succeeded=True,
    settings={"method.rank": 8},
    results={"accuracy": 0.9},
    points=[("loss", 2, 0.5, 12.0), ("loss", 1, 0.7, 11.0), ("f1", 2, 0.6, 12.5)],
)


def test_run_survives_json() -> None:
    assert TrackedRun.from_dict(json.loads(json.dumps(RUN.as_dict()))) == RUN


def test_metrics_of_a_step_stand_together_and_in_order() -> None:
    assert RUN.by_step() == [(1, {"loss": 0.7}), (2, {"loss": 0.5, "f1": 0.6})]
