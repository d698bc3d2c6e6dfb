"""Garbage collection around imports: off, then on again without what they left."""

import gc
from collections.abc import Iterator

import pytest

from app.processes import garbage_collection


@pytest.fixture
def as_before() -> Iterator[None]:
    """What the rest of the session collects stays what it was."""
    enabled = gc.isenabled()
    yield
    (gc.enable if enabled else gc.disable)()


@pytest.mark.usefixtures("as_before")
def test_it_is_off_until_it_goes_on_without_what_is_there() -> None:
    garbage_collection.pause()
    assert not gc.isenabled()
    kept, frozen = [[] for _ in range(1000)], gc.get_freeze_count()
    garbage_collection.resume()
    assert gc.isenabled() and gc.get_freeze_count() >= frozen + len(kept)
