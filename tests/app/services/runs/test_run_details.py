"""The description of one run: its dataset, its place in the queue, what was asked of its job."""

from app.db import transaction
from app.models import Job
from app.services.queue import jobs
from app.services.runs import run_details, runs
from tests.factories import make_run, make_version


def test_queued_runs_have_a_position_and_their_dataset(owner: str) -> None:
    version = make_version(owner)
    first, second = (make_run(owner, version, name) for name in ("First", "Second"))
    details = [run_details.describe(runs.get_run(owner, run.id)) for run in (first, second)]
    assert [(run.state, run.queue_position) for run in details] == [("queued", 1), ("queued", 2)]
    json = details[0].as_dict()
    dataset_id = runs.get_run(owner, first.id).dataset_version.dataset_id
    assert json["dataset"] == {"id": dataset_id, "name": "Letters", "version": 1}
    assert (json["name"], json["method"], json["results"], json["error"]) == ("First", "lora", None, None)


def test_run_at_work_or_paused_has_no_position(owner: str) -> None:
    run = make_run(owner)
    claim = jobs.claim(run.job_id)
    jobs.begin(claim, pid=1, phase="Training")
    runs.pause(owner, run.id)
    asked = run_details.describe(runs.get_run(owner, run.id))
    assert (asked.state, asked.phase, asked.pause_requested, asked.paused) == ("running", "Pausing", True, False)
    jobs.pause(claim)
    paused = run_details.describe(runs.get_run(owner, run.id))
    assert (paused.state, paused.paused, paused.queue_position, asked.queue_position) == ("queued", True, None, None)


def test_failed_run_has_its_error(owner: str) -> None:
    run = make_run(owner)
    error = {"code": "out_of_memory", "message": "Memory ran out.", "hint": "Use shorter texts."}
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        job.state, job.error = "failed", {"error": error}
    assert run_details.describe(runs.get_run(owner, run.id)).error == error
