"""Errors as HTTP responses."""

import json
import logging

import pytest

from app.errors import Conflict, NotSignedIn
from app.failures import calm_failure, failure_response


def test_refusal_keeps_its_status_and_body() -> None:
    error = Conflict("busy", "It is busy.", "Wait.")
    response = failure_response(error)
    assert response.status_code == 409 and json.loads(response.body) == error.as_dict()
    assert "www-authenticate" not in response.headers and "retry-after" not in response.headers


def test_headers_tell_programs_to_sign_in_or_to_wait() -> None:
    assert failure_response(NotSignedIn("no_session", "Sign in.")).headers["www-authenticate"] == "Bearer"
    limited = Conflict("too_many", "Too many.", status=429, details={"retry_after": 30})
    assert failure_response(limited).headers["retry-after"] == "30"


def test_defect_shows_only_the_id_under_which_its_trace_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = calm_failure(RuntimeError("password hush"))
    error = json.loads(response.body)["error"]
    assert (response.status_code, error["code"]) == (500, "internal_error")
    assert "hush" not in response.body.decode() and "RuntimeError" not in response.body.decode()
    assert error["details"]["log_id"] in error["hint"]
    assert error["details"]["log_id"] in caplog.text and "password hush" in caplog.text
