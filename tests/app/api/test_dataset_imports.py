"""Routes for data that is fetched from another machine: queued with 202, or refused at once."""

import json

from tests.app.conftest import Person


def post(person: Person, path: str, body: dict):
    return person.post(path, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def test_split_is_queued_and_followed_as_a_check(ann: Person) -> None:
    answer = post(ann, "/api/v1/datasets/from-hub", {"repo": "tests/letters", "split": "train", "name": "Letters"})
    check = answer.json["check"]
    assert answer.status == 202 and (check["kind"], check["state"]) == ("fetched", "queued")
    found = ann.get(f"/api/v1/checks/{check['id']}").json
    assert found["source"] == {
        "kind": "hub",
        "repo": "tests/letters",
        "split": "train",
        "revision": "main",
        "config": "",
        "test_split": "",
        "rows": 0,
    }
    assert post(ann, f"/api/v1/checks/{check['id']}/cancel", {}).json["state"] == "cancelled"


def test_wrong_ids_and_addresses_that_nobody_allowed_are_refused(ann: Person) -> None:
    refused = post(ann, "/api/v1/datasets/from-hub", {"repo": "no such id"})
    assert refused.status == 422 and refused.json["error"]["code"] == "hub_id"
    refused = post(ann, "/api/v1/datasets/from-address", {"address": "https://example.org/rows.csv"})
    assert refused.status == 403 and refused.json["error"]["code"] == "addresses_not_allowed"
