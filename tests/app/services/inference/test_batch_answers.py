"""Requests to the server are small, and rows that it would refuse are not sent."""

import pytest

from app.services.inference import batch_answers
from app.services.inference.batch_answers import Asked
from tests.app import batch_files
from tests.app.finished_runs import finish
from tests.app.inference_stand_in import inference_stand_in
from tests.factories import make_run


def test_rows_are_asked_in_small_requests(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_answers, "ASKED_ROWS", 2)
    run = make_run(owner)
    finish(run)
    inputs = [["sure"], ["  "], ["x" * 20_001], ["no"], ["sure"]]
    done: list[int] = []
    with inference_stand_in(batch_files.reply) as server:
        found = batch_answers.answer(Asked(owner, run.id, "label", inputs), done.append)
    assert [body["inputs"] for body in server.asked] == [["sure"], ["no"], ["sure"]] and done == [2, 4, 5]
    assert [answer.get("unanswered") for answer in found] == [
        *(None, "empty", "longer than 20,000 characters", None, None)
    ]
