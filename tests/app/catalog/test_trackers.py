"""Declarations of the trackers; what each writes is read back in the tests of its own name."""

import importlib.util

import pytest

from app.catalog import trackers
from app.catalog.trackers import TRACKERS, Tracker, find_tracker
from app.errors import Rejected


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
