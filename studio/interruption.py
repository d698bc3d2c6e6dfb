"""Ctrl-C and SIGTERM while a command waits for its job."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.errors import StudioError
from studio.progress import ProgressBar


@contextmanager
def stopped_by_signal(progress: ProgressBar, stop: Callable[[], object]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM calls ``stop``, which may find that the job has ended; the second leaves at once."""

    def ask() -> None:
        try:
            stop()
        except StudioError:
            return  # It has ended in the meantime.

    def on_signal(number: int, frame: FrameType | None) -> None:
        if progress.stopping:
            raise KeyboardInterrupt
        progress.stopping = True
        # Not here: the signal may have interrupted a transaction of this very thread.
        threading.Thread(target=ask, daemon=True).start()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
