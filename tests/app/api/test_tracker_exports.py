"""Routes for exports to experiment trackers: the list of trackers, and refusals."""

from app.catalog.trackers import TRACKERS
from tests.factories import make_run


def test_every_tracker_is_listed_for_a_run(ann):
    listed = ann.get(f"/api/v1/runs/{make_run(ann.id).id}/trackers")
    assert listed.status == 200
    assert all(tracker.name in listed.body.decode() for tracker in TRACKERS)


def test_unknown_tracker_and_unfinished_run_are_refused(ann):
    address = f"/api/v1/runs/{make_run(ann.id).id}/trackers"
    assert 400 <= ann.post(address, json_body={"tracker": "abacus"}).status < 500
    assert 400 <= ann.post(address, json_body={"tracker": TRACKERS[0].name}).status < 500


def test_exports_of_other_users_are_unknown(ann, bob):
    address = f"/api/v1/runs/{make_run(ann.id).id}/trackers"
    assert bob.get(address).code == "run_not_found"
    assert bob.get("/api/v1/exports/none/files").status == 404
