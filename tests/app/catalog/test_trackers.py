"""Declarations of the trackers; what each writes is read back in ``tests.worker.jobs.test_exporting``."""

import importlib.util

import pytest

from app.catalog import trackers
from app.catalog.trackers import TRACKERS, TrackedRun, Tracker, find_tracker
from app.errors import Rejected

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


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_tracker_says_what_it_is_and_how_its_files_are_opened(tracker: type[Tracker]) -> None:
    assert tracker.summary.endswith(".") and tracker.after.startswith("Unpack it and run: ")
    assert tracker.__module__ == f"{trackers.__name__}.{tracker.name}"
    assert importlib.util.find_spec(tracker.package) is not None
    assert all(name.split("_")[0] in ("MLFLOW", "WANDB", "TRACKIO", "HF") for name in tracker.environment)


def test_names_are_distinct_and_found() -> None:
    assert len({tracker.name for tracker in TRACKERS}) == len(TRACKERS)
    assert all(isinstance(find_tracker(tracker.name), tracker) for tracker in TRACKERS)


def test_unknown_tracker_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Rejected) as caught:
        find_tracker("abacus")
    assert caught.value.code == "unknown_tracker"
    assert all(tracker.name in caught.value.hint for tracker in TRACKERS)


@pytest.mark.parametrize(
    ("module", "name", "project"),
    [
        (trackers.wandb, "a/b:c?", "a-b-c-"),
        (trackers.trackio, "Support: letters/2", "Support- letters-2"),
        (trackers.trackio, "...", "studio"),
    ],
)
def test_project_loses_the_characters_that_its_tracker_refuses(module, name: str, project: str) -> None:
    assert module._project(name) == project


def test_requests_to_mlflow_hold_no_more_than_it_takes() -> None:
    assert [len(part) for part in trackers.mlflow._parts(range(2500), trackers.mlflow.MAX_METRICS)] == [
        1000,
        1000,
        500,
    ]


def test_run_survives_json_and_is_read_by_step() -> None:
    payload = RUN.as_dict()
    payload["points"] = [list(point) for point in payload["points"]]
    assert TrackedRun.from_dict(payload) == RUN
    assert RUN.by_step() == [(1, {"loss": 0.7}), (2, {"loss": 0.5, "f1": 0.6})]
