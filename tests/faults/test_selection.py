"""A short selection of the injections, so that every change meets a few of them; `make faults` runs all of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import Bench, NotHere
from tests.faults.injections import INJECTIONS

# How often an injection runs here; the slow ones are left to `make faults`.
COUNTS = {
    "F-04": 1,
    "F-08": 1,
    "F-11": 4,
    "F-12": 1,
    "F-13": 1,
    "F-16": 1,
    "F-17": 1,
    "F-18": 1,
    "F-21": 1,
    "F-22": 1,
    "F-26": 1,
}


# Forks trainers, which a process that has computed with several threads cannot do; it gets a process of its own.
FORKING, KILLS = "F-01", 2


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("faults"), seed=0)
    yield made
    made.close()


@pytest.mark.faults
@pytest.mark.parametrize("name", COUNTS)
def test_it_is_survived(bench: Bench, name: str) -> None:
    injection = next(injection for injection in INJECTIONS if injection.name == name)
    try:
        injection.act(bench, COUNTS[name])
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.mark.faults
def test_the_real_engine_survives_kills_bitwise() -> None:
    full = next(injection.full for injection in INJECTIONS if injection.name == FORKING)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", FORKING],
        env={**os.environ, "FAULTS_N": str(KILLS / full), "OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_injection_of_the_table_has_its_own_name() -> None:
    names = [injection.name for injection in INJECTIONS]
    assert names == sorted(set(names)) and {*COUNTS, FORKING} <= set(names)
    assert {f"F-{number:02}" for number in range(1, 26)} <= set(names)
