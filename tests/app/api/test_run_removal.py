"""The route that deletes a run."""

from app import storage
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run


def ended(owner: str) -> str:
    """The id of an ended run with a file of ten bytes."""
    run = make_run(owner)
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    (storage.attempt_dir(run.id, 1) / "weights").write_bytes(b"0123456789")
    return run.id


def test_ended_run_is_deleted_for_good(ann):
    run_id = ended(ann.id)
    assert ann.ask("DELETE", f"/api/v1/runs/{run_id}").json == {"id": run_id, "deleted": True, "freed_bytes": 10}
    assert ann.get(f"/api/v1/runs/{run_id}").code == "run_not_found"


def test_results_can_be_kept_when_the_files_go(ann):
    run_id = ended(ann.id)
    answer = ann.ask("DELETE", f"/api/v1/runs/{run_id}?keep_results=true")
    assert answer.json == {"id": run_id, "deleted": False, "freed_bytes": 10}
    assert ann.get(f"/api/v1/runs/{run_id}").status == 200
    assert not (storage.data_dir() / "runs" / run_id / "attempt-1").exists()


def test_active_run_and_run_of_another_user_are_refused(ann, bob):
    assert ann.ask("DELETE", f"/api/v1/runs/{make_run(ann.id).id}").status == 409
    run_id = ended(ann.id)
    assert bob.ask("DELETE", f"/api/v1/runs/{run_id}").code == "run_not_found"
    assert ann.get(f"/api/v1/runs/{run_id}").status == 200
