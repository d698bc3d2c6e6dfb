"""Dependencies of routes: the user id of the gate, and the ``Prefer`` header."""

import pytest
from starlette.requests import Request

from app.api.deps import current_user, prefers_async
from app.errors import NotSignedIn


def request(headers: dict[str, str] | None = None, user_id: str | None = None) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "headers": raw, "state": {"user_id": user_id}})


def test_user_id_comes_from_the_gate():
    assert current_user(request(user_id="u1")) == "u1"


def test_request_that_did_not_pass_the_gate_is_refused():
    for unknown in (request(), Request({"type": "http", "headers": []})):
        with pytest.raises(NotSignedIn):
            current_user(unknown)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("respond-async", True), ("Respond-Async; wait=10", True), ("wait=10, respond-async", True), ("wait=10", False)],
)
def test_prefer_header_asks_for_a_job(value, wanted):
    assert prefers_async(request({"prefer": value})) is wanted


def test_without_prefer_header_the_response_waits():
    assert prefers_async(request()) is False
