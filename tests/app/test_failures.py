"""Errors as HTTP responses."""

import errno
import json
import logging
import sqlite3

import pytest
from sqlalchemy import exc

from app import db
from app.errors import Conflict, NotSignedIn
from app.failures import calm_error, calm_failure, failure_response


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


def locked() -> Exception:
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return exc.OperationalError("BEGIN IMMEDIATE", {}, cause)


@pytest.mark.parametrize("error", [locked(), exc.TimeoutError("QueuePool limit reached")])
def test_too_much_at_once_is_an_answer_that_says_when_to_try_again(error: Exception) -> None:
    response = calm_failure(error)
    assert (response.status_code, response.headers["retry-after"]) == (429, "5")
    assert "nothing of this request was saved" in json.loads(response.body)["error"]["message"]


def test_full_disk_is_named_with_what_to_remove(studio_home: object) -> None:
    error = calm_error(RuntimeError("wrapped"))
    assert error.status == 500
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    full = calm_error(wrapped)
    assert (full.status, full.code) == (507, "disk_full")
    assert "delete runs" in full.hint


def test_failure_after_a_commit_does_not_claim_that_nothing_changed() -> None:
    with db.counted_commits() as commits:
        commits.number = 1
        for error in (RuntimeError("x"), locked()):
            calm = calm_error(error)
            assert calm.status == 500 and "was saved" in calm.message and calm.details["saved"]


def test_text_that_no_database_takes_is_refused_with_words() -> None:
    try:
        "half \ud83d".encode()
    except UnicodeEncodeError as error:
        refused = calm_error(error)
        wrapped = calm_error(exc.StatementError("statement", "INSERT", {}, error))
    assert (refused.status, refused.code) == (wrapped.status, wrapped.code) == (422, "bad_character")
    assert calm_error(UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range(128)")).status == 500
