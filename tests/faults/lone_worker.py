"""The worker's own code without Celery around it: looks for work by itself, stops in good order on SIGTERM."""

import logging
import os
import signal
import time

from app.queue import TRAIN_QUEUE
from worker.executor import Executor
from worker.jobs import supervisor


def main() -> None:
    logging.basicConfig(level="INFO")
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    _spoil_clock(os.environ.get("TEST_CLOCK", ""))
    executor = Executor(TRAIN_QUEUE)
    executor.start()
    while not signals:
        signal.sigtimedwait([], 0.05)
    supervisor.stopping.set()
    executor.leave()


def _spoil_clock(plan: str) -> None:
    """This host's clock is wrong: ``shift 7200`` by so many seconds, ``jump 3600`` forth and back every two seconds, as a
    clock that is set by local time at the end of summer time, ``drift 0.05`` ever more by this share of the time passed."""
    if not plan:
        return
    way, amount = plan.split()
    right, began, size = time.time, time.time(), float(amount)
    wrong = {
        "shift": lambda now: size,
        "jump": lambda now: size if int(now - began) // 2 % 2 else 0.0,
        "drift": lambda now: (now - began) * size,
    }[way]
    time.time = lambda: right() + wrong(right())


if __name__ == "__main__":
    main()
