"""Denials in the audit trail: each kind once, and a flood from one address as a bounded number of entries."""

import pytest

from app.errors import Conflict, NotAllowed, NotFound, StudioError
from app.requester import asked_from
from app.services.accounts import accounts, audit, denials

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def owner() -> str:
    return accounts.ensure_owner().id


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(denials.time, "monotonic", lambda: now[0])
    return now


def denied(owner: str) -> list[audit.Entry]:
    return list(reversed(audit.list_entries(owner, action="denied").entries))


def test_denial_says_who_what_whose_and_from_where(owner):
    hidden = NotFound("run_not_found", "x")
    hidden.withheld = ("run", "r1")
    with asked_from("10.0.0.9", "ann"):
        denials.note(hidden, "GET", "/api/v1/runs/r1")
        denials.note(NotAllowed("role", "x"))
        denials.note(NotFound("run_not_found", "x"))
        denials.note(Conflict("run_active", "x"))
    first, second = denied(owner)
    assert (first.user_id, first.address, first.object_type, first.object_id) == ("ann", "10.0.0.9", "run", "r1")
    assert first.data == {"code": "run_not_found", "status": 404, "request": "GET /api/v1/runs/r1"}
    assert second.data == {"code": "role", "status": 403}


@pytest.mark.parametrize(
    ("status", "code"), [(401, "x"), (403, "x"), (429, "x"), (410, "link_used"), (400, "unknown_host")]
)
def test_refusals_that_are_denials(status, code):
    assert denials.is_denial(StudioError(code, "x", status=status))
    assert not denials.is_denial(StudioError("other", "x", status=422))


def flood(number: int, address: str) -> None:
    with asked_from(address):
        for _ in range(number):
            denials.note(NotAllowed("role", "x"))


def test_flood_of_an_address_is_bounded_and_counted_and_others_are_still_noted(owner, clock):
    flood(50, "10.0.0.9")
    flood(1, "10.0.0.10")
    noted = denied(owner)
    assert [entry.address for entry in noted] == ["10.0.0.9"] * denials.PER_MINUTE + ["10.0.0.10"]
    assert "bound" in noted[denials.PER_MINUTE - 1].data and "bound" not in noted[0].data
    clock[0] += 61
    flood(1, "10.0.0.9")
    assert denied(owner)[-1].data["without_entry"] == 50 - denials.PER_MINUTE


def test_end_of_a_flood_is_counted_when_the_trail_is_read(owner, clock):
    flood(9, "10.0.0.9")
    clock[0] += 61
    [*_, last] = denied(owner)
    assert (last.address, last.data["without_entry"]) == ("10.0.0.9", 9 - denials.PER_MINUTE)
    assert len(denied(owner)) == denials.PER_MINUTE + 1


def test_hour_of_an_address_is_bounded_and_ipv6_networks_count_as_one(owner, clock):
    for minute in range(20):
        flood(9, f"2001:db8::{minute}")
        clock[0] += 61
    assert sum("code" in entry.data for entry in denied(owner)) == denials.PER_HOUR


def test_denials_that_the_database_cannot_take_are_counted(owner, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(denials, "try_write", lambda *given, **named: False)
        flood(2, "10.0.0.9")
    with asked_from("10.0.0.9"):
        denials.note(NotAllowed("role", "x"))
    assert denied(owner)[-1].data["without_entry"] == 2
