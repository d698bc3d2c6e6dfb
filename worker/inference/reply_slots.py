"""How many replies may be in the making at once, and who is next: people take turns, however many replies each asks for.

For one event loop; knows no model and no web.
"""

import asyncio
from collections import OrderedDict, deque


class ReplySlots:
    """``most`` places; whoever waits is served in rotation by asker, the replies of one asker in their order."""

    def __init__(self, most: int) -> None:
        self.free = most
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(len(line) for line in self._waiting.values())

    async def acquire(self, asker: str) -> None:
        """Take a place, after waiting for it if there is none; giving up the wait gives up the place."""
        if self.free and not self._waiting:
            self.free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(asker, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            else:
                self._forget(asker, place)
            raise

    def release(self) -> None:
        """Give a place back; the next asker in rotation has it at once."""
        self.free += 1
        while self._waiting and self.free:
            asker, line = self._waiting.popitem(last=False)
            place = line.popleft()
            if line:
                self._waiting[asker] = line
            if not place.done():
                self.free -= 1
                place.set_result(None)

    def _forget(self, asker: str, place: "asyncio.Future[None]") -> None:
        line = self._waiting.get(asker)
        if line and place in line:
            line.remove(place)
            if not line:
                del self._waiting[asker]
