"""The lock is granted in order of arrival."""

import threading

from tests.studio.processes import wait_until
from worker.engine.serving.fair_lock import FairLock


def test_lock_is_granted_in_order_of_arrival() -> None:
    lock, order = FairLock(), list[int]()

    def work(number: int) -> None:
        with lock:
            order.append(number)

    lock.acquire()
    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        wait_until(lambda: len(lock._waiting) == len(threads), "the thread waits")
    assert lock.locked() and order == []
    lock.release()
    for thread in threads:
        thread.join(10)
    assert order == list(range(5)) and not lock.locked()


def test_lock_is_released_when_the_block_fails() -> None:
    lock = FairLock()
    try:
        with lock:
            raise ValueError
    except ValueError:
        assert not lock.locked()
