"""A short selection of the injections, so that every change meets a few of them; `make faults` runs all of them."""

from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench, NotHere
from tests.faults.injections import INJECTIONS

# How often each is injected here; the slow ones are left to `make faults`.
COUNTS = {
    "F-01": 2, "F-04": 1, "F-08": 1, "F-11": 4, "F-12": 1, "F-13": 1, "F-16": 1, "F-17": 1, "F-18": 1, "F-21": 1, "F-22": 1,
    "F-26": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("faults"), seed=0)
    yield made
    made.close()


@pytest.mark.faults
@pytest.mark.parametrize("name", COUNTS)
def test_it_is_survived(bench: Bench, name: str) -> None:
    injection = next(each for each in INJECTIONS if each.name == name)
    try:
        injection.act(bench, COUNTS[name])
    except NotHere as reason:
        pytest.skip(str(reason))


def test_every_injection_of_the_table_has_its_own_name() -> None:
    names = [each.name for each in INJECTIONS]
    assert names == sorted(set(names)) and set(COUNTS) <= set(names)
    assert {f"F-{number:02}" for number in range(1, 26)} <= set(names)
