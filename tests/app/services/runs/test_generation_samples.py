"""Answers sampled during training: stored once, read by step, by the run's owner only."""

import pytest

from app.errors import NotFound
from app.services.queue import jobs
from app.services.runs import generation_samples, run_folders
from tests.factories import make_run, make_user


def line(n: int, step: int, row_id: int, answer: str) -> dict:
    texts = {"input": "One tea", "expected": "Here!", "base_answer": "Tea?", "answer": answer}
    return {"n": n, "type": "written", "step": step, "row_id": row_id, **texts, "at": 1.0}


def test_answers_are_stored_by_step_and_redelivery_changes_nothing(any_database: str) -> None:
    owner = make_user()
    run = make_run(owner)
    assert generation_samples.at_step(owner, run.id).as_dict() == {"steps": [], "step": None, "rows": []}
    claim = jobs.claim(run.job_id)
    lines = [line(0, 8, 5, "Hm"), line(1, 8, 6, "Ah"), line(2, 16, 5, "Here!")]
    run_folders.store_lines(claim, run.id, "attempt-1", lines)
    # A run that continues from a checkpoint passes the same checks again.
    run_folders.store_lines(claim, run.id, "attempt-2", [line(0, 16, 5, "Here!"), line(1, 16, 6, "Here!")])
    newest = generation_samples.at_step(owner, run.id)
    assert newest.steps == [8, 16] and newest.step == 16
    assert [(row.row_id, row.answer) for row in newest.rows] == [(5, "Here!"), (6, "Here!")]
    first = generation_samples.at_step(owner, run.id, 8).as_dict()
    assert first["rows"][0] == {
        "row_id": 5,
        "input": "One tea",
        "expected": "Here!",
        "base_answer": "Tea?",
        "answer": "Hm",
    }
    with pytest.raises(NotFound, match="step 9"):
        generation_samples.at_step(owner, run.id, 9)
    with pytest.raises(NotFound):
        generation_samples.at_step(make_user("other"), run.id)
