"""Administering people over REST: the owner may, members are refused."""

import json

import pytest

from tests.app.wire import ORIGIN, ask


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
        ("GET", "/api/v1/audit", None),
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
