"""Detection of a database outage, and writes that wait for its end.

Every write may be repeated safely: points and events have unique keys, and a change of state names its fencing token.
"""

import time
from collections.abc import Callable

from app.db import AWAY

DATABASE_AWAY = AWAY

RETRY_SECONDS = 0.5


class Outage:
    """Since when the database has not answered."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has been away; 0 while it answers."""
        return time.monotonic() - self._since if self._since is not None else 0.0

    def attempt(self, act: Callable[[], None]) -> bool:
        """Call ``act`` if the database answers; returns whether it was done."""
        try:
            act()
        except DATABASE_AWAY:
            self._since = self._since or time.monotonic()
            return False
        self._since = None
        return True

    def retry_until(self, act: Callable[[], None], max_seconds: float) -> bool:
        """Call ``act`` as soon as the database answers; False after ``max_seconds`` without it."""
        while not self.attempt(act):
            if self.seconds > max_seconds:
                return False
            time.sleep(RETRY_SECONDS)
        return True
