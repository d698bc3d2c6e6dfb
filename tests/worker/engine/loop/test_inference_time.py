"""The time for a row with the adapter beside the model and merged into it."""

import pytest

from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport


@pytest.mark.parametrize(("kind", "merges"), [("lora", True), ("full", False)])
def test_what_can_be_merged_is_timed_both_ways(make_job, kind: str, merges: bool) -> None:
    results = train(make_job(make_spec({"kind": kind}, epochs=1)), ListReport())
    result = results["pass_seconds"]
    assert set(result) == ({"adapter", "merged"} if merges else set())
    assert all(0 < seconds < 5 for seconds in result.values())
