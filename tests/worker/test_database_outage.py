"""Writes during a database outage fail quietly, are counted in time, and are repeated until it ends."""

import pytest

from worker import database_outage
from worker.database_outage import DATABASE_AWAY, Outage


def away() -> None:
    raise DATABASE_AWAY[0]("select 1", {}, OSError("gone"))


def test_outage_lasts_until_a_write_succeeds() -> None:
    outage = Outage()
    assert outage.seconds == 0.0
    assert not outage.attempt(away) and outage.seconds > 0
    assert outage.attempt(lambda: None) and outage.seconds == 0.0


def test_other_errors_are_raised() -> None:
    with pytest.raises(KeyError):
        Outage().attempt(lambda: {}["absent"])


def test_write_is_repeated_until_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_outage, "RETRY_SECONDS", 0.0)
    tries = iter([away, away, lambda: None])
    assert Outage().retry_until(lambda: next(tries)(), 60.0)
    assert next(tries, None) is None


def test_write_is_given_up_after_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_outage, "RETRY_SECONDS", 0.0)
    assert not Outage().retry_until(away, 0.0)
