"""The time for a row with the adapter beside the model and merged into it."""

import pytest

from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport


@pytest.mark.parametrize(("kind", "merges"), [("lora", True), ("full", False)])
def test_what_can_be_merged_is_timed_both_ways(make_order, kind: str, merges: bool) -> None:
    results = train(make_order(make_spec({"kind": kind}, epochs=1)), ListReport())
    told = results["pass_seconds"]
    assert set(told) == ({"adapter", "merged"} if merges else set())
    assert all(0 < seconds < 5 for seconds in told.values())
