"""Which failures mean that the database is away, and for how long it has been. Knows nothing of jobs.

Work goes on without the database for a while; what has to be stored waits, because every write may be repeated safely:
points and events have keys of their own, and a change of state names its fence.
"""

import time
from collections.abc import Callable

from app.db import AWAY as DATABASE_AWAY

AGAIN_SECONDS = 0.5


class Outage:
    """Remembers since when the database has not answered."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has been away; 0 while it answers."""
        return time.monotonic() - self._since if self._since is not None else 0.0

    def survive(self, act: Callable[[], None]) -> bool:
        """Do it now if the database answers; says whether it was done."""
        try:
            act()
        except DATABASE_AWAY:
            self._since = self._since or time.monotonic()
            return False
        self._since = None
        return True

    def insist(self, act: Callable[[], None], most_seconds: float) -> bool:
        """Do it as soon as the database answers; gives up after ``most_seconds`` without it."""
        while not self.survive(act):
            if self.seconds > most_seconds:
                return False
            time.sleep(AGAIN_SECONDS)
        return True
