"""Only whole messages of the one form that this studio sends are accepted."""

import base64
import json

import pytest

from app.broker.message import MAX_BYTES, UnreadableMessage, parse
from tests.app.broker.messages import BROKEN, message


def test_message_of_this_studio_is_read():
    assert parse(json.dumps(message("job-1")).encode())["headers"]["task"] == "studio.work"


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_everything_else_is_refused(content: bytes):
    with pytest.raises(UnreadableMessage):
        parse(content)


def test_message_as_large_as_allowed_is_judged_and_a_larger_one_is_not_parsed():
    padded = {**message("job-1"), "padding": ""}
    padded["padding"] = "x" * (MAX_BYTES - len(json.dumps(padded)))
    assert parse(json.dumps(padded).encode())["body"] == base64.b64encode(b'[["job-1"], {}, {}]').decode()
    padded["padding"] += "x"
    with pytest.raises(UnreadableMessage, match=f"{MAX_BYTES} is the most"):
        parse(json.dumps(padded).encode())
