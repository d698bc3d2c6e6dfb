"""A message as Celery writes it, and ways in which it can be broken."""

import base64
import json
from typing import Any


def message(job_id: str) -> dict[str, Any]:
    """Celery's protocol 2, as far as it is looked at."""
    return {
        "body": body([job_id]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "studio.work", "id": "1", "eta": None, "expires": None, "lang": "py", "argsrepr": ""},
        "properties": {
            "delivery_mode": 2,
            "delivery_tag": "1",
            "delivery_info": {"exchange": "", "routing_key": "train"},
            "priority": 0,
            "body_encoding": "base64",
        },
    }


def body(arguments: Any, keywords: Any = None) -> str:
    """The call of a task, encoded."""
    return base64.b64encode(json.dumps([arguments, keywords or {}, {}]).encode()).decode()


def changed(**parts: Any) -> bytes:
    """The message with some parts replaced."""
    return json.dumps({**message("job-1"), **parts}).encode()


HEADERS, PROPERTIES = message("job-1")["headers"], message("job-1")["properties"]
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "empty object": b"{}",
    "list": b"[]",
    "null": b"null",
    "half": json.dumps(message("job-1")).encode()[:300],
    "not text": b"\xff\xfe\x00",
    "depth bomb": b"[" * 15_000,
    "large": b" " * 20_000,
    "no properties": json.dumps({key: value for key, value in message("j").items() if key != "properties"}).encode(),
    "null arguments": changed(body=body(None)),
    "arguments as an object": changed(body=body({"job_id": "job-1"})),
    "several arguments": changed(body=body(["job-1", "job-2"])),
    "path as argument": changed(body=body(["../../etc/passwd"])),
    "keyword arguments": changed(body=body([], {"job_id": "job-1"})),
    "deep body": changed(body=base64.b64encode(b"[" * 9000).decode()),
    "body without base64": changed(body="%%%"),
    "body of another kind": changed(**{"content-type": "application/x-python-serialize"}),
    "arrival in the year 9999": changed(headers={**HEADERS, "eta": "9999-12-31T23:59:59+00:00"}),
    "expired": changed(headers={**HEADERS, "expires": "1999-12-31T23:59:59+00:00"}),
    "no task": changed(headers={**HEADERS, "task": None}),
    "no id": changed(headers={key: value for key, value in HEADERS.items() if key != "id"}),
    "no delivery tag": changed(properties={**PROPERTIES, "delivery_tag": None}),
}
