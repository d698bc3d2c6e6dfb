"""Routes for calibration and generation samples of a run."""

from app.services.queue import jobs
from app.services.runs import run_folders
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run


def test_calibration_of_an_ended_run_is_sent(ann):
    run = make_run(ann.id)
    end_run(run.id, rows_right(70, 100), rows_right(50, 100))
    payload = ann.get(f"/api/v1/runs/{run.id}/calibration").json
    assert (payload["rows"], payload["accuracy"]) == (100, 0.7)
    assert len(payload["bins"]) == 10


def test_calibration_before_the_final_test_is_a_conflict(ann):
    assert ann.get(f"/api/v1/runs/{make_run(ann.id).id}/calibration").status == 409


def test_samples_are_sent_by_step_the_newest_first(ann):
    run = make_run(ann.id)
    texts = {"input": "One tea", "expected": "Here!", "base_answer": "Tea?"}
    lines = [
        {"n": number, "type": "written", "step": step, "row_id": 5, **texts, "answer": answer, "at": 1.0}
        for number, (step, answer) in enumerate([(8, "Hm"), (16, "Here!")])
    ]
    run_folders.store_lines(jobs.claim(run.job_id), run.id, "attempt-1", lines)
    address = f"/api/v1/runs/{run.id}/samples"
    newest = ann.get(address).json
    assert (newest["steps"], newest["step"], newest["rows"][0]["answer"]) == ([8, 16], 16, "Here!")
    assert ann.get(f"{address}?step=8").json["rows"][0]["answer"] == "Hm"
    assert ann.get(f"{address}?step=9").status == 404
    assert ann.get(f"{address}?step=-1").code == "range"


def test_answers_of_other_users_are_unknown(ann, bob):
    run = make_run(ann.id)
    for path in ("calibration", "samples"):
        assert bob.get(f"/api/v1/runs/{run.id}/{path}").code == "run_not_found"
