"""One trainer waits for the next job; each serves one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.processes import prewarmed


@pytest.fixture(autouse=True)
def _stub(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    prewarmed.dismiss()
    monkeypatch.setenv("STUDIO_TRAINER_MODULE", "tests.worker.stub_trainer")
    yield
    prewarmed.dismiss()


def test_waiting_trainer_is_taken_once() -> None:
    prewarmed.refill()
    first = prewarmed.take()
    second = prewarmed.take()
    try:
        assert first.pid != second.pid and first.poll() is None
    finally:
        first.end()
        second.end()


def test_refill_keeps_a_living_trainer_and_replaces_a_dead_one() -> None:
    prewarmed.refill()
    waiting = prewarmed._waiting
    prewarmed.refill()
    assert waiting is not None and prewarmed._waiting is waiting
    waiting.end()
    prewarmed.refill()
    assert prewarmed._waiting is not waiting


def test_dismissed_trainer_is_ended() -> None:
    prewarmed.refill()
    waiting = prewarmed._waiting
    prewarmed.dismiss()
    assert waiting is not None and waiting.poll() is not None and prewarmed._waiting is None
