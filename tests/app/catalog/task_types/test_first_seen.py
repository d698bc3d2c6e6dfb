"""Keys remember where they stood first, whatever portions they come in."""

import random

import pytest

from app.catalog.task_types.first_seen import FirstSeen


def key(number: int) -> bytes:
    return number.to_bytes(16, "little")


@pytest.mark.parametrize("portion", [1, 7, 100, 5000])
def test_places_are_those_of_a_dictionary(portion: int) -> None:
    rng = random.Random(4)
    keys = [key(rng.randrange(2000)) for _ in range(5000)]
    first: dict[bytes, int] = {}
    expected = [first.setdefault(one, place) for place, one in enumerate(keys)]
    seen = FirstSeen()
    found = [place for start in range(0, len(keys), portion) for place in seen.places(keys[start : start + portion])]
    assert found == expected and seen.count == len(keys)


def test_portion_without_keys_changes_nothing() -> None:
    seen = FirstSeen()
    assert seen.places([]) == [] and seen.count == 0
    assert seen.places([key(1), key(1)]) == [0, 0]


def test_runs_are_merged_so_that_few_are_searched() -> None:
    seen = FirstSeen()
    for number in range(1000):
        seen.places([key(number)])
    # Each run is more than twice as long as the next, so 1000 keys make ten runs at most.
    assert len(seen._runs) <= 10
