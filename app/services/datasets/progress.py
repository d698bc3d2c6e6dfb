"""How long work tells where it stands, and what shares its last transaction. Work that nobody watches tells no one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

# (phase in words, done, of how many); may raise to stop the work.
Tell = Callable[[str, int, int], None]
EVERY_ROWS = 2000
Row = TypeVar("Row")


def silent(phase: str, done: int, total: int) -> None:
    """Tells nobody."""


def alone(session: Session, dataset_id: str, version: int) -> None:
    """Nothing else belongs to the transaction that adds a version."""


@dataclass(frozen=True)
class Progress:
    """Who wants to know: ``tell`` on the way; ``conclude(session, dataset id, version)`` inside the transaction that adds
    the version, so that both happen or neither."""

    tell: Tell = silent
    conclude: Callable[[Session, str, int], None] = alone


NO_PROGRESS = Progress()


def counted(rows: Iterable[Row], tell: Tell, phase: str, total: int) -> Iterator[Row]:
    """The same rows; every few thousand it tells how many have gone by."""
    for number, row in enumerate(rows):
        if number % EVERY_ROWS == 0:
            tell(phase, number, total)
        yield row
