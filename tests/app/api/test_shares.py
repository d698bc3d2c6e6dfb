"""Read-only links: they show their runs to anybody who has the token, and nothing else to anybody."""

import pytest

from app.db import transaction
from app.models_shares import Share
from tests.app.outcomes import end_run, rows_right
from tests.app.wire import ask
from tests.factories import make_run, make_version


@pytest.fixture
def two(ann):
    place = make_version(ann.id)
    ids = [make_run(ann.id, place, name).id for name in ("One", "Two")]
    for run_id in ids:
        end_run(run_id, rows_right(9, 10), rows_right(5, 10))
    return ids


def share(person, runs, **other):
    answer = person.post("/api/v1/shares", json_body={"runs": runs, **other})
    assert answer.status == 201, answer.body
    path, _, token = answer.json["path"].partition("#")
    assert path == "/shared" and len(token) >= 43
    return answer.json["id"], token


def strangers(api, token):
    """Somebody without a session who was sent the link."""
    return lambda path: ask(api, "GET", f"/api/v1/shared{path}", headers={"x-studio-share": token})


def test_a_stranger_sees_the_shared_runs_and_only_those(api, ann, two):
    _, token = share(ann, two[:1], view="axis=share&smoothing=0.9")
    look = strangers(api, token)
    payload = look("").json
    assert payload["runs"] == two[:1] and payload["view"] == "axis=share&smoothing=0.9"
    assert payload["catalog"]["methods"] == [{"kind": "lora", "title": "LoRA"}]
    compared = look("/compare")
    assert compared.status == 200 and [run["id"] for run in compared.json["runs"]] == two[:1]
    curves = look(f"/series?keys=train/loss&runs={two[1]}").json["series"]
    assert list(curves) == two[:1] and list(curves[two[0]]) == ["train/loss"]
    for path in (f"/compare?baseline={two[1]}", "/examples"):
        assert look(path).status in (404, 422), path
    for path in ("/api/v1/runs", f"/api/v1/runs/{two[0]}", f"/api/v1/compare?runs={two[0]}", "/api/v1/shares"):
        assert ask(api, "GET", path, headers={"x-studio-share": token}).status == 401, path


def test_rows_are_shown_only_where_the_link_says_so(api, ann, two):
    _, token = share(ann, two, with_rows=True)
    assert strangers(api, token)("/examples").json["total"] == 10


def test_revoked_expired_and_made_up_links_are_refused(api, ann, bob, two):
    share_id, token = share(ann, two)
    assert bob.post(f"/api/v1/shares/{share_id}/revoke").status == 404
    assert ann.post(f"/api/v1/shares/{share_id}/revoke").status == 200
    for path in ("", "/compare", "/series", "/examples"):
        answer = strangers(api, token)(path)
        assert (answer.status, answer.code) == (410, "share_revoked"), path
    late_id, late = share(ann, two, days=1)
    with transaction() as session:
        session.get_one(Share, late_id).expires_at = 1.0
    assert strangers(api, late)("/compare").code == "share_expired"
    assert strangers(api, token[:-1] + ("A" if token[-1] != "A" else "B"))("/compare").code == "share_unknown"
    assert ask(api, "GET", "/api/v1/shared/compare").status == 422
    assert ann.get("/api/v1/shares").json["shares"] == []


def test_links_are_made_by_owners_read_only_and_stored_as_hashes(api, ann, bob, two):
    assert bob.post("/api/v1/shares", json_body={"runs": two}).status == 404
    assert ann.post("/api/v1/shares", json_body={"runs": two, "days": 366}).status == 422
    share_id, token = share(ann, two)
    with transaction() as session:
        stored = session.get_one(Share, share_id)
        assert token not in repr({column.name: getattr(stored, column.name) for column in Share.__table__.columns})
    strangers(api, token)("")
    listed = ann.get("/api/v1/shares").json["shares"]
    assert [item["opened"] for item in listed] == [1] and token not in str(listed)
    assert bob.get("/api/v1/shares").json["shares"] == []
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = ask(api, method, "/api/v1/shared/compare", headers={"x-studio-share": token})
        assert refused.status in (401, 403), method
