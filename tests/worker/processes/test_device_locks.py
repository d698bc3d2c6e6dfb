"""One worker at a time computes on a GPU, and a worker that waits for several is not starved."""

import threading
from pathlib import Path

from worker.processes import device_locks


def test_lock_is_exclusive_and_a_worker_that_waits_for_two_gpus_is_next(studio_home: Path) -> None:
    begun, done = threading.Event(), threading.Event()

    def hold_both() -> None:
        with device_locks.hold(["a", "b"], lambda: begun.set() or True) as acquired:  # type: ignore[func-returns-value]
            assert acquired
            done.set()

    with device_locks.hold(["a"], lambda: True) as acquired:
        assert acquired and not device_locks.is_wanted(["a"])
        waiting = threading.Thread(target=hold_both)
        waiting.start()
        assert begun.wait(10)
        assert device_locks.is_wanted(["a"]), "the worker of the single GPU takes no other run now"
        assert not done.is_set()
        with device_locks.hold(["b"], lambda: False) as refused:
            assert not refused, "a worker that gives up holds nothing"
    waiting.join(10)
    assert done.is_set() and not device_locks.is_wanted(["a", "b"])
    with device_locks.hold([], lambda: False) as free:
        assert free, "the processor has no lock"
