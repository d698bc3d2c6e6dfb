"""A reply that fails in the middle says so at its end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from app.errors import Conflict
from app.services.inference.replies import with_error_event


def test_failure_in_the_middle_of_a_reply_becomes_its_last_event():
    async def reply() -> AsyncIterator[dict[str, Any]]:
        yield {"text": "Hel"}
        raise Conflict("device_training", "The device trains.", "Try again.")

    async def collect() -> list[dict[str, Any]]:
        return [event async for event in with_error_event(reply())]

    first, last = asyncio.run(collect())
    assert first == {"text": "Hel"} and last["error"]["code"] == "device_training"
