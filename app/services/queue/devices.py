"""The devices that a training computes on, by name, and freeing them from inference servers before it begins."""

import time
from collections.abc import Callable

from app.services.queue import inference_servers, jobs, placement
from app.services.queue.jobs import Claim
from app.settings import get_settings

# An inference server needs some time to end its replies and its process; after so long the training begins in any case.
RELEASE_SECONDS = 30.0
POLL_SECONDS = 0.1
RENEW_SECONDS = 1.0


def device_names(count: int = 1) -> tuple[str, ...]:
    """The first devices of this process: as the settings name it, else the driver's ids of its GPUs; none for a processor.

    Containers have host names of their own, the driver's id of a GPU is the same in all of them.
    """
    configured = get_settings().device
    return (configured,) if configured else placement.own_capacity().names[:count]


def take(claim: Claim, give_up: Callable[[], bool] = lambda: False, count: int = 1) -> bool:
    """Record that this job computes on the first ``count`` devices, and wait until no inference server holds one of them.

    The claim is renewed meanwhile. ``give_up`` ends the wait early. Returns whether the devices are free; a server that does
    not release its device in time does not keep the training from starting.

    Raises:
        StaleClaim: another worker holds the job.
    """
    names = device_names(count)
    with jobs.held(claim) as session:
        jobs.note_device(session, claim, ",".join(names))
    if not names:
        return True
    deadline, renewed = time.monotonic() + RELEASE_SECONDS, time.monotonic()
    while _are_held(names):
        if give_up() or time.monotonic() > deadline:
            return False
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            if jobs.renew(claim):
                return False
        time.sleep(POLL_SECONDS)
    return True


def _are_held(names: tuple[str, ...]) -> bool:
    return any(
        server.alive and server.device in names and server.state in inference_servers.HOLDING
        for server in inference_servers.list_servers()
    )
