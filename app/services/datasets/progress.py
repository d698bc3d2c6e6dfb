"""Progress of work on a dataset: a callback for its phases, and what joins the transaction that adds a version."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

# (phase in words, done, total); may raise to stop the work.
ProgressCallback = Callable[[str, int, int], None]
EVERY_ROWS = 2000
Row = TypeVar("Row")


def ignore_progress(phase: str, done: int, total: int) -> None:
    """The callback of work that nobody watches."""


def add_nothing(session: Session, dataset_id: str, version: int) -> None:
    """Leave the transaction that adds a version as it is."""


@dataclass(frozen=True)
class Progress:
    """Callbacks of one piece of work.

    Attributes:
        report: called with the phase and how far it is.
        conclude: called with the session, dataset id and version number inside the transaction that adds the version, so
            that both are committed or neither.
    """

    report: ProgressCallback = ignore_progress
    conclude: Callable[[Session, str, int], None] = add_nothing


NO_PROGRESS = Progress()


def with_progress(rows: Iterable[Row], report: ProgressCallback, phase: str, total: int) -> Iterator[Row]:
    """Yield the same rows and report every 2,000 of them."""
    for number, row in enumerate(rows):
        if number % EVERY_ROWS == 0:
            report(phase, number, total)
        yield row
