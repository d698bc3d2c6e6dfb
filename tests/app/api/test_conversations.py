"""Routes of stored conversations: bounds of the body, owners only."""

import pytest

CONVERSATIONS = "/api/v1/conversations"


def test_there_are_no_conversations_at_first(ann):
    assert ann.get(CONVERSATIONS).json == {"conversations": []}


@pytest.mark.parametrize(
    "body",
    [
        {"models": []},
        {"models": ["base:starter-chat"] * 5},
        {"models": ["base:starter-chat"], "sampling": {"temperature": 3}},
        {"models": ["base:starter-chat"], "sampling": {"max_tokens": 0}},
    ],
)
def test_conversation_beyond_the_limits_is_refused(ann, body):
    assert ann.post(CONVERSATIONS, json_body=body).status == 422
    assert ann.get(CONVERSATIONS).json == {"conversations": []}


def test_conversation_belongs_to_its_user(ann, bob):
    started = ann.post(CONVERSATIONS, json_body={"models": ["base:starter-chat"], "system": "Be short."})
    assert started.status == 201, started.body
    address = f"{CONVERSATIONS}/{started.json['id']}"
    assert ann.get(address).json["models"] == ["base:starter-chat"]
    for answer in (
        bob.get(address),
        bob.ask("DELETE", address),
        bob.post(address + "/messages", json_body={"text": "hello"}),
        bob.get(address + "/transcript"),
    ):
        assert answer.status == 404
    assert ann.ask("DELETE", address).status == 204
    assert ann.get(address).status == 404
