"""Who sent the request that is being answered, and from which address; the audit trail writes it down."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Requester(NamedTuple):
    """An address, empty where nobody asks (in a worker, at the terminal), and the signed-in person's id."""

    address: str = ""
    user_id: str | None = None


_NOBODY = Requester()
_requester: ContextVar[Requester] = ContextVar("requester", default=_NOBODY)


def current() -> Requester:
    """Whose request is being answered."""
    return _requester.get()


@contextmanager
def asked_from(address: str, user_id: str | None = None) -> Iterator[None]:
    """Name who asks within the block, in whichever threads it works."""
    token = _requester.set(Requester(address[:64], user_id))
    try:
        yield
    finally:
        _requester.reset(token)
