"""The one form of a message: Celery's task message that names a job, without an arrival time."""

import base64
import binascii
import json
import re
from typing import Any

JOB_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
# A message has about 900 bytes.
MAX_BYTES = 16 * 1024


class UnreadableMessage(Exception):
    """The content of a queue is not a message of this studio; the text says what is wrong."""


def parse(content: bytes) -> dict[str, Any]:
    """The message in Celery's protocol 2.

    Raises:
        UnreadableMessage: not JSON, not of the expected form, or with an arrival time, for which a worker would hold it.
    """
    if not content:
        raise UnreadableMessage("it is empty")
    if len(content) > MAX_BYTES:
        raise UnreadableMessage(f"it has {len(content)} bytes, {MAX_BYTES} is the most")
    message = _json(content)
    if not isinstance(message, dict):
        raise UnreadableMessage("it is not a JSON object")
    headers, properties = message.get("headers"), message.get("properties")
    if not isinstance(headers, dict) or not isinstance(properties, dict):
        raise UnreadableMessage("headers or properties are missing")
    if any(headers.get(name) is not None for name in ("eta", "expires")):
        raise UnreadableMessage("it has an arrival time")
    if not isinstance(headers.get("task"), str) or not isinstance(headers.get("id"), str):
        raise UnreadableMessage("it names no task")
    delivery = properties.get("delivery_info")
    if not isinstance(properties.get("delivery_tag"), str) or not isinstance(delivery, dict):
        raise UnreadableMessage("delivery information is missing")
    if properties.get("body_encoding") != "base64" or message.get("content-type") != "application/json":
        raise UnreadableMessage("its body is not JSON in base64")
    _check_body(message.get("body"))
    return message


def _check_body(body: Any) -> None:
    try:
        content = _json(base64.b64decode(body, validate=True))
    except (TypeError, ValueError, binascii.Error):
        raise UnreadableMessage("its body is not base64") from None
    if not isinstance(content, list) or len(content) != 3 or not isinstance(content[0], list) or content[1] != {}:
        raise UnreadableMessage("its body is not a call with one argument")
    arguments = content[0]
    if len(arguments) != 1 or not isinstance(arguments[0], str) or not JOB_ID.fullmatch(arguments[0]):
        raise UnreadableMessage("its argument is not the id of a job")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableMessage("it is not JSON") from None
