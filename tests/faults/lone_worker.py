"""The worker's own code without Celery around it: looks for work by itself, stops in good order on SIGTERM."""

import logging
import os
import signal
import time

from worker import executor, supervisor


def main() -> None:
    logging.basicConfig(level="INFO")
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    _shift_clock(float(os.environ.get("TEST_CLOCK_SHIFT", "0")))
    executor.start()
    while not told:
        signal.sigtimedwait([], 0.05)
    supervisor.stopping.set()
    executor.leave()


def _shift_clock(seconds: float) -> None:
    """This host's clock is wrong by so much."""
    right = time.time
    time.time = lambda: right() + seconds


if __name__ == "__main__":
    main()
