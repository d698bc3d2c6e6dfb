"""Failed sign-ins within a while, per address and per account; further ones are refused until the oldest is over."""

import threading
import time
from collections import OrderedDict, deque

from app.errors import StudioError
from app.languages import gettext as _

MAX_KEYS = 10_000


class Attempts:
    """Counts failures by key. Tries that are refused for their number are not counted, so that waiting helps.

    Args:
        limit: failures within ``seconds`` after which further tries are refused.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Refuse a key that has failed too often.

        Raises:
            StudioError: 429 with the seconds to wait.
        """
        with self._lock:
            recent = self._recent(key)
            if len(recent) >= self._limit:
                wait = max(1, round(self._seconds - (time.monotonic() - recent[0])))
                raise StudioError(
                    "too_many_attempts",
                    _(
                        "There were {recent} failed sign-ins within {seconds} s for this account or from this address.",
                        recent=len(recent),
                        seconds=f"{self._seconds:g}",
                    ),
                    _("Wait {wait} s, or use a new link.", wait=wait),
                    status=429,
                    details={"retry_after": wait},
                )

    def note_failure(self, key: str) -> None:
        """Remember one failure."""
        with self._lock:
            self._recent(key).append(time.monotonic())
            while len(self._failed) > MAX_KEYS:
                self._failed.popitem(last=False)

    def _recent(self, key: str) -> deque[float]:
        recent = self._failed.setdefault(key, deque(maxlen=self._limit))
        self._failed.move_to_end(key)
        while recent and time.monotonic() - recent[0] > self._seconds:
            recent.popleft()
        return recent


BY_ADDRESS = Attempts(20, 60.0)
BY_ACCOUNT = Attempts(10, 300.0)
# Answers of a sign-in provider that belong to no attempt of the browser that brings them; whoever has begun is not counted.
FORGED_ANSWERS = Attempts(20, 60.0)
