"""Administering people over REST: the owner may, members are refused."""

import json

import pytest

from app.services.accounts import accounts
from tests.app.conftest import Person
from tests.app.wire import ORIGIN, ask
from tests.factories import make_run


def test_invited_person_signs_in_by_the_path_of_the_answer(api, ann):
    made = ann.post("/api/v1/people", json_body={"name": "cleo", "role": "admin"})
    assert made.status == 201 and made.json["role"] == "admin"
    token = made.json["path"].partition("token=")[2]
    headers = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    answer = ask(api, "POST", "/sign-in", headers=headers, body=f"token={token}".encode())
    assert answer.status == 303
    assert [person["name"] for person in ann.get("/api/v1/people").json["people"]][-1] == "cleo"


def test_disabled_person_is_refused_at_the_next_request(ann, bob):
    assert bob.get("/api/v1/runs").status == 200
    changed = ann.ask("PATCH", f"/api/v1/people/{bob.id}", json_body={"active": False})
    assert changed.status == 200 and changed.json["active"] is False
    assert bob.get("/api/v1/runs").status == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/people", None),
        ("POST", "/api/v1/people", {"name": "x"}),
        ("PATCH", "/api/v1/people/{ann}", {"active": False}),
        ("PATCH", "/api/v1/people/{bob}", {"role": "admin"}),
        ("POST", "/api/v1/people/{ann}/link", None),
        ("POST", "/api/v1/people/{ann}/sign-out", None),
        ("POST", "/api/v1/people/{ann}/reset-password", None),
        ("POST", "/api/v1/people/{ann}/reset-second-factor", None),
        ("GET", "/api/v1/audit", None),
        ("GET", "/api/v1/audit/chain", None),
        ("GET", "/api/v1/audit.jsonl", None),
    ],
)
def test_member_is_refused(ann, bob, method, path, body):
    answer = bob.ask(method, path.format(ann=ann.id, bob=bob.id), json_body=body)
    assert (answer.status, answer.code) == (403, "role")


def test_link_and_sign_out_answer_and_take_effect(ann, bob):
    assert ann.post(f"/api/v1/people/{bob.id}/link").json["path"].startswith("/sign-in?token=")
    assert ann.post(f"/api/v1/people/{bob.id}/sign-out").status == 204
    assert bob.get("/api/v1/runs").status == 401


def test_audit_is_read_in_pages_and_downloaded_whole(ann, bob):
    ann.ask("PATCH", f"/api/v1/people/{bob.id}", json_body={"role": "admin"})
    page = ann.get("/api/v1/audit?limit=1").json
    assert page["entries"][0]["action"] == "change_role" and page["before"]
    assert ann.get(f"/api/v1/audit?before={page['before']}").json["entries"][0]["action"] == "create_token"
    lines = [json.loads(line) for line in ann.get("/api/v1/audit.jsonl").body.splitlines()]
    assert [line["action"] for line in lines][-1] == "change_role"


def test_denials_of_every_door_are_in_the_trail(api, ann, bob):
    run = make_run(ann.id)
    assert bob.get(f"/api/v1/runs/{run.id}").status == 404
    assert bob.get("/api/v1/people").status == 403
    assert ask(api, "GET", "/api/v1/runs", headers={"authorization": "Bearer studio_wrong"}).status == 401
    reading = Person(bob.id, accounts.create_token(bob.id, scope="read"), api)
    assert reading.post("/api/v1/account/tokens").status == 403
    headers = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    assert ask(api, "POST", "/sign-in", headers=headers, body=b"token=" + b"a" * 43).status == 401
    noted = [
        (entry["person"], entry["data"]["code"], entry["object_id"], entry["address"])
        for entry in ann.get("/api/v1/audit?action=denied").json["entries"]
    ]
    assert noted == [
        ("", "link_unknown", "", "127.0.0.1"),
        ("bob", "read_only_token", "", "127.0.0.1"),
        ("", "not_signed_in", "", "127.0.0.1"),
        ("bob", "role", "", "127.0.0.1"),
        ("bob", "run_not_found", run.id, "127.0.0.1"),
    ]
    assert ann.get("/api/v1/audit/chain").json["broken"] is None


def test_what_is_done_is_noted_with_its_address(ann):
    run = make_run(ann.id)
    assert ann.post(f"/api/v1/runs/{run.id}/pause").status == 200
    assert ann.get("/api/v1/audit?limit=1").json["entries"][0]["address"] == "127.0.0.1"
