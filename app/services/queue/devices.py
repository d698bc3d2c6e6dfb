"""What a process computes on, by name, and making room there for a training. Loads no torch, so it asks the driver."""

import time
from collections.abc import Callable

from app.services.queue import inference_servers, jobs, placement
from app.services.queue.jobs import Claim
from app.settings import get_settings

# A server tells its readers, stops and ends its process; after so long the training begins in any case.
ROOM_SECONDS = 30.0
LOOK_SECONDS = 0.1
RENEW_SECONDS = 1.0


def device_names(count: int = 1) -> tuple[str, ...]:
    """The first devices of this process: as the settings name it, else the driver's ids of its GPUs; none for a processor.

    Containers have host names of their own, the driver's id of a GPU is the same in all of them.
    """
    told = get_settings().device
    return (told,) if told else placement.own_capacity().names[:count]


def take(claim: Claim, give_up: Callable[[], bool] = lambda: False, count: int = 1) -> bool:
    """Say that this job computes on the first ``count`` devices, and wait until no inference server holds one of them.

    Keeps the claim meanwhile. ``give_up`` says that the wait has lost its sense. Returns whether they are free; a server
    that does not make room in time must not keep a training from its attempt.

    Raises:
        StaleClaim: the job is somebody else's.
    """
    names = device_names(count)
    with jobs.held(claim) as session:
        jobs.note_device(session, claim, ",".join(names))
    if not names:
        return True
    deadline, renewed = time.monotonic() + ROOM_SECONDS, time.monotonic()
    while _are_held(names):
        if give_up() or time.monotonic() > deadline:
            return False
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            if jobs.renew(claim):
                return False
        time.sleep(LOOK_SECONDS)
    return True


def _are_held(names: tuple[str, ...]) -> bool:
    return any(
        each.alive and each.device in names and each.state in inference_servers.HOLDING
        for each in inference_servers.list_servers()
    )
