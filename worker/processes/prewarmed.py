"""The prewarmed trainer: one process that is already past its slow imports and waits for the next job.

Each trainer serves one job and ends, so a new one is started after every job.
"""

from worker.processes.trainer_process import TrainerProcess

_waiting: TrainerProcess | None = None


def take() -> TrainerProcess:
    """The waiting process if it lives, else a new one."""
    global _waiting
    ready, _waiting = _waiting, None
    if ready is not None and ready.poll() is None:
        return ready
    return TrainerProcess()


def refill() -> None:
    """Start a process for the next job, if none waits."""
    global _waiting
    if _waiting is None or _waiting.poll() is not None:
        _waiting = TrainerProcess()


def dismiss() -> None:
    """End the waiting process."""
    global _waiting
    if _waiting is not None:
        _waiting.end()
        _waiting = None
