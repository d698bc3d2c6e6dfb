"""An export to a tracker as a job of a run: started once, done by a worker, downloaded by its owner only."""

import pytest

from app.catalog.trackers import TRACKERS
from app.db import transaction
from app.errors import Conflict, NotFound
from app.models import Job, MetricPoint
from app.services.accounts.accounts import add_user
from app.services.runs import tracker_exports
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run
from worker.jobs import supervisor


def test_export_job_ends_with_a_download(owner: str) -> None:
    run = make_run(owner, name="Letters one")
    with pytest.raises(Conflict):
        tracker_exports.start(owner, run.id, "tensorboard")
    end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    made = tracker_exports.start(owner, run.id, "tensorboard")
    assert tracker_exports.start(owner, run.id, "tensorboard").id == made.id
    with transaction() as session:
        job_id = tracker_exports._find(session, owner, made.id).job_id
        points = session.query(MetricPoint).filter_by(run_id=run.id).count()
    supervisor.execute(job_id)
    result = tracker_exports.list_exports(owner, run.id).as_dict()
    assert [tracker["name"] for tracker in result["trackers"]] == [tracker.name for tracker in TRACKERS]
    (export,) = result["exports"]
    assert (export["state"], export["error"], export["address"]) == ("succeeded", None, "") and points > 40
    name, pieces = tracker_exports.download(owner, export["id"])
    assert name == "letters-one-tensorboard.zip" and b"".join(pieces).startswith(b"PK")
    stranger = add_user("Stranger").id
    for ask in (
        lambda: tracker_exports.download(stranger, export["id"]),
        lambda: tracker_exports.list_exports(stranger, run.id),
        lambda: tracker_exports.start(stranger, run.id, "tensorboard"),
        lambda: tracker_exports.cancel(stranger, export["id"]),
    ):
        with pytest.raises(NotFound):
            ask()
    again = tracker_exports.start(owner, run.id, "tensorboard")
    with transaction() as session:
        second = session.get_one(Job, tracker_exports._find(session, owner, again.id).job_id)
    supervisor.execute(second.id)
    assert [status.id for status in tracker_exports.list_exports(owner, run.id).exports] == [again.id]
    with pytest.raises(NotFound):
        tracker_exports.download(owner, export["id"])
