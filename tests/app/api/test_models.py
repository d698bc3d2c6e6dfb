"""Routes for fetched models: nothing before the first fetch, invalid names refused, unknown fetches answer 404."""

import pytest

FETCHES = "/api/v1/models/fetches"


def test_there_are_no_fetches_at_first(ann):
    assert ann.get(FETCHES).json == {"fetches": []}


@pytest.mark.parametrize("body", [{}, {"repo": ""}, {"repo": "x" * 301}, {"repo": "a/b", "trust_remote_code": True}])
def test_invalid_fetch_bodies_are_refused(ann, body):
    assert ann.post(FETCHES, json_body=body).status == 422
    assert ann.get(FETCHES).json == {"fetches": []}


def test_unknown_fetches_answer_404(ann):
    for method, path in (("POST", "/none/cancel"), ("POST", "/none/resume"), ("DELETE", "/none")):
        assert ann.ask(method, FETCHES + path).status == 404, path


def test_unknown_model_cannot_be_removed(ann):
    assert ann.ask("DELETE", "/api/v1/models?name=none").status == 404
