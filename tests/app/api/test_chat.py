"""Chat routes in OpenAI's form; whole conversations with a model are in the chat journey."""

import pytest

from app.api.chat import CompletionBody
from app.services.inference.chat import SamplingSettings

COMPLETIONS = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello?"}]


def test_models_are_listed_in_the_form_of_openai(ann):
    listed = ann.get("/v1/models").json
    assert listed["object"] == "list"
    (starter,) = [model for model in listed["data"] if model["id"] == "base:starter-chat"]
    assert (starter["object"], starter["owned_by"], starter["kind"]) == ("model", "studio", "base")


@pytest.mark.parametrize("path", [COMPLETIONS, "/api/v1/chat"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"messages": [{"role": "system", "content": "Be kind."}]}, 422, "no_question"),
        ({"model": "nobody"}, 404, "run_not_found"),
        ({"model": "base:starter-encoder"}, 422, "cannot_talk"),
        ({"messages": []}, 422, "range"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 422, "unknown_choice"),
        ({"temperature": 3}, 422, "range"),
        ({"tools": []}, 422, "unknown_field"),
    ],
)
def test_request_that_cannot_be_met_is_refused_before_the_reply_begins(ann, path, body, status, code):
    answer = ann.post(path, json_body={"model": "base:starter-chat", "messages": HELLO, **body})
    assert (answer.status, answer.code) == (status, code), answer.body


def test_text_parts_are_joined_and_developer_means_system():
    parts = [{"type": "text", "text": "Be "}, {"type": "text", "text": "kind."}]
    body = CompletionBody(model="m", messages=[{"role": "developer", "content": parts}, *HELLO])
    assert [message.as_dict() for message in body.messages] == [{"role": "system", "content": "Be kind."}, *HELLO]


def test_newer_name_of_the_length_limit_counts_first_and_one_stop_text_is_a_list():
    body = CompletionBody(model="m", messages=HELLO, max_tokens=9, max_completion_tokens=7, stop="END", seed=3)
    assert body.sampling == SamplingSettings(7, 1.0, 1.0, 3, ("END",))
    assert CompletionBody(model="m", messages=HELLO).sampling == SamplingSettings(256, 1.0, 1.0, None, ())
