"""The trainer's log: the newest attempt's, its end, for its owner."""

import pytest

from app import storage
from app.errors import NotFound
from app.services.runs import run_logs
from tests.factories import make_run, make_user


def write_log(run_id: str, attempt: int, content: bytes) -> None:
    folder = storage.attempt_dir(run_id, attempt)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / run_logs.LOG).write_bytes(content)


def test_log_is_that_of_the_newest_attempt(owner: str) -> None:
    run = make_run(owner)
    assert run_logs.tail(owner, run.id) == ""
    for attempt in (2, 9, 10):
        write_log(run.id, attempt, f"attempt {attempt}\n".encode())
    assert run_logs.tail(owner, run.id) == "attempt 10\n"


def test_long_log_is_cut_to_its_end(owner: str) -> None:
    run = make_run(owner)
    write_log(run.id, 1, b"begin" + b"x" * run_logs.TAIL_BYTES + b"\xffend")
    text = run_logs.tail(owner, run.id)
    assert len(text) == run_logs.TAIL_BYTES and text.endswith("x\ufffdend") and "begin" not in text


def test_log_of_another_users_run_is_not_found(owner: str) -> None:
    run = make_run(owner)
    write_log(run.id, 1, b"private")
    with pytest.raises(NotFound):
        run_logs.tail(make_user(), run.id)
