"""Limits requests that take long: so many work at a time, few of one person, and the others wait without holding a thread."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import StudioError

POLL_SECONDS = 0.1


class RequestLimiter:
    """Counts who works and who waits, on one event loop; one process has one for each kind of work.

    Args:
        max_active: requests that work at a time.
        max_active_per_user: requests of one person among them, so that others always get a slot.
        max_waiting_per_user: requests of one person that may wait; more are refused.
    """

    def __init__(self, max_active: int, max_active_per_user: int, max_waiting_per_user: int) -> None:
        self._max_active, self._max_active_per_user = max_active, max_active_per_user
        self._max_waiting_per_user = max_waiting_per_user
        self._active: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def slot(self, user_id: str) -> AsyncIterator[None]:
        """Wait for a slot, and hold it while the block runs.

        Raises:
            StudioError: 429; as many of this person wait already as may.
        """
        if not self._take(user_id):
            await self._wait(user_id)
        try:
            yield
        finally:
            self._active[user_id] -= 1

    async def _wait(self, user_id: str) -> None:
        if self._waiting[user_id] >= self._max_waiting_per_user:
            raise StudioError(
                "busy",
                f"{self._max_waiting_per_user} of your requests wait for their turn already; nothing of this one was saved.",
                "Try again when some of them have been answered.",
                status=429,
                details={"retry_after": 5},
            )
        self._waiting[user_id] += 1
        try:
            while not self._take(user_id):
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._waiting[user_id] -= 1

    def _take(self, user_id: str) -> bool:
        """Take a slot if one is free. Nothing is awaited between the look and the change, so no lock is needed."""
        if self._active[user_id] >= self._max_active_per_user or self._active.total() >= self._max_active:
            return False
        self._active[user_id] += 1
        return True
