"""Rows of a file are answered in portions that stay; a job that goes on asks only for what is missing."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import StudioError
from app.services.inference import batch_answering, batch_prediction
from app.services.queue import jobs
from tests.app import batch_files
from tests.app.finished_runs import finish, finished
from tests.app.inference_stand_in import inference_stand_in
from tests.factories import make_run


def queued(owner: str, run_id: str, folder: Path) -> str:
    batch = batch_prediction.upload(owner, (batch_files.write_csv(folder), "letters.csv"))
    batch_prediction.start(owner, batch.id, run_id, {"text": "message"})
    return batch.id


def work(batch_id: str) -> None:
    """Do the job as the light worker does."""
    claim = batch_files.claim_of(batch_id)
    jobs.begin(claim, pid=1, phase=batch_answering.ANSWERING)
    try:
        batch_answering.answer(claim, lambda: None)
    except StudioError as error:
        with jobs.held(claim) as session:
            jobs.fail(session, claim, error.as_dict())


def test_every_row_has_an_answer_or_a_reason(owner: str, any_database: str, tmp_path: Path) -> None:
    run = make_run(owner)
    finish(run)
    batch_id = queued(owner, run.id, tmp_path)
    with inference_stand_in(batch_files.reply) as server:
        work(batch_id)
    status = batch_prediction.get_batch(owner, batch_id)
    assert (status.state, status.answered, status.unanswered) == ("succeeded", 4, 1)
    assert [body["inputs"] for body in server.asked] == [["a sure text", "another", "=sure()"]]
    head, *rows = batch_files.answers(owner, batch_id)
    assert head == [
        *("id", "message", "predicted_label", "probability", "second_label", "second_probability"),
        "no_answer_because",
    ]
    assert rows[0] == ["1", "a sure text", "yes", "0.9000", "no", "0.1000", ""]
    assert rows[2] == ["3", "", "", "", "", "", "empty"]
    # What a spreadsheet would evaluate is text.
    assert rows[3][1] == "'=sure()"
    assert [row[0] for row in batch_files.answers(owner, batch_id, "unsure")[1:]] == ["2", "1", "4", "3"]


def test_job_that_failed_goes_on_where_it_ended(owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_answering, "PORTION_ROWS", 2)
    run = make_run(owner)
    finish(run)
    batch_id = queued(owner, run.id, tmp_path)

    def fails_later(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if "=sure()" in body["inputs"]:
            return 409, {"error": {"code": "device_training", "message": "A training uses it.", "hint": ""}}
        return batch_files.reply(path, body)

    with inference_stand_in(fails_later) as server:
        work(batch_id)
        failed = batch_prediction.get_batch(owner, batch_id)
        assert (failed.state, failed.answered, failed.error["code"]) == ("failed", 2, "device_training")
        server.reply = batch_files.reply
        server.asked.clear()
        batch_prediction.start(owner, batch_id, run.id)
        work(batch_id)
    assert [body["inputs"] for body in server.asked] == [["=sure()"]]
    assert [row[2] for row in batch_files.answers(owner, batch_id)[1:]] == ["yes", "no", "", "yes"]


def test_model_that_writes_answers_prompts(owner: str, tmp_path: Path) -> None:
    run_id = finished(owner, "Writer", base_model="starter-chat", task_type="instruction", columns={"instruction": "a"})
    batch_id = queued(owner, run_id, tmp_path)
    with inference_stand_in(batch_files.reply) as server:
        work(batch_id)
    head, *rows = batch_files.answers(owner, batch_id)
    assert head[2:] == ["answer", "ended_because", "no_answer_because"]
    assert rows[0][2:] == ["You said a sure text", "stop", ""] and rows[2][2:] == ["", "", "empty"]
    assert {body["temperature"] for body in server.asked} == {0.0}
    # A written answer has no measure of how sure it is.
    assert batch_prediction.get_batch(owner, batch_id).orders == ("file",)
