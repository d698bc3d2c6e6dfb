"""A bound on the replies that are generated at once, shared fairly between users, for one event loop."""

import asyncio
from collections import OrderedDict, deque


class ReplySlots:
    """``capacity`` slots, granted to waiting users in rotation (round robin), to one user's requests in order."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a slot."""
        return sum(len(requests) for requests in self._waiting.values())

    async def acquire(self, user: str) -> None:
        """Take a slot, waiting for one if none is free; a cancelled wait takes none."""
        if self.free and not self._waiting:
            self.free -= 1
            return
        slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.release()
            else:
                self._withdraw(user, slot)
            raise

    def release(self) -> None:
        """Return a slot; the next user in rotation gets it at once."""
        self.free += 1
        while self._waiting and self.free:
            user, requests = self._waiting.popitem(last=False)
            slot = requests.popleft()
            if requests:
                self._waiting[user] = requests
            if not slot.done():
                self.free -= 1
                slot.set_result(None)

    def _withdraw(self, user: str, slot: "asyncio.Future[None]") -> None:
        requests = self._waiting.get(user)
        if requests and slot in requests:
            requests.remove(slot)
            if not requests:
                del self._waiting[user]
