"""Several replies at once: their events as they come, and an end to all of them when the person asks for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from app.errors import Conflict
from app.languages import gettext as _
from studio_ui.session import refusal

Event = dict[str, Any]
# Opens one reply; closing what it returns stops the generation.
Source = Callable[[], Awaitable[AsyncIterator[Event]]]
# Pieces that come within this time reach the browser together.
SECONDS_BETWEEN_BATCHES = 0.06
END: Event = {"end": True}

_running: dict[tuple[str, str], asyncio.Queue[tuple[int, Event] | None]] = {}


async def side_by_side(
    user_id: str, name: str, sources: Sequence[tuple[int, Source]]
) -> AsyncGenerator[list[tuple[int, Event]], None]:
    """Events of all sources with the number of their source, in batches; a failure becomes an event with the error.

    The last event of a source is ``END``. Closing this generator, or :func:`stop`, closes all sources.

    Raises:
        Conflict: replies of this name are still being written for this person.
    """
    key = (user_id, name)
    if key in _running:
        raise Conflict("still_writing", _("A reply is still being written."), _("Wait for its end, or stop it."))
    queue = _running[key] = asyncio.Queue()
    tasks = [asyncio.create_task(_drain(number, source, queue)) for number, source in sources]
    left = len(tasks)
    try:
        while left:
            batch = [await queue.get()]
            await asyncio.sleep(SECONDS_BETWEEN_BATCHES)
            while not queue.empty():
                batch.append(queue.get_nowait())
            if None in batch:
                return
            events = [item for item in batch if item is not None]
            left -= sum(event is END for _, event in events)
            yield events
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        del _running[key]


def is_running(user_id: str, name: str) -> bool:
    """Whether replies of this name are being written for this person."""
    return (user_id, name) in _running


def stop(user_id: str, name: str) -> bool:
    """End the replies of this name; False if none is being written."""
    queue = _running.get((user_id, name))
    if queue is not None:
        queue.put_nowait(None)
    return queue is not None


async def _drain(number: int, source: Source, queue: asyncio.Queue[tuple[int, Event] | None]) -> None:
    try:
        async for event in await source():
            queue.put_nowait((number, event))
    except Exception as error:
        queue.put_nowait((number, refusal(error).as_dict()))
    finally:
        queue.put_nowait((number, END))
