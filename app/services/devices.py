"""What a process computes on, by name, and making room there for a training. Loads no torch, so it asks the driver."""

import os
import time
from collections.abc import Callable
from functools import lru_cache

from app.services import inference_servers, jobs, machine
from app.services.jobs import Claim
from app.settings import get_settings

# A server tells its readers, stops and ends its process; after so long the training begins in any case.
ROOM_SECONDS = 30.0
LOOK_SECONDS = 0.1
RENEW_SECONDS = 1.0


def device_name() -> str:
    """The device of this process: as the settings name it, else the first visible GPU's id, else empty.

    Containers have host names of their own, the driver's id of a GPU is the same in all of them.
    """
    return get_settings().device or _first_gpu(os.environ.get("CUDA_VISIBLE_DEVICES"))


@lru_cache(maxsize=4)
def _first_gpu(visible: str | None) -> str:
    wanted = visible.split(",")[0].strip() if visible is not None else "0"
    if not wanted or wanted.startswith("-"):
        return ""
    ids = machine.gpu_ids()
    if not wanted.isdigit():
        # An id, perhaps shortened, or a part of a GPU, which the list does not name.
        return next((each for each in ids if each.startswith(wanted)), wanted) if ids else ""
    return ids[int(wanted)] if int(wanted) < len(ids) else ""


def take(claim: Claim, give_up: Callable[[], bool] = lambda: False) -> bool:
    """Say that this job computes on this process's device, and wait until no inference server holds it.

    Keeps the claim meanwhile. ``give_up`` says that the wait has lost its sense. Returns whether the device is free; a
    server that does not make room in time must not keep a training from its attempt.

    Raises:
        StaleClaim: the job is somebody else's.
    """
    device = device_name()
    with jobs.held(claim) as session:
        jobs.note_device(session, claim, device)
    if not device:
        return True
    deadline, renewed = time.monotonic() + ROOM_SECONDS, time.monotonic()
    while _is_held(device):
        if give_up() or time.monotonic() > deadline:
            return False
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            if jobs.renew(claim):
                return False
        time.sleep(LOOK_SECONDS)
    return True


def _is_held(device: str) -> bool:
    return any(
        each.alive and each.device == device and each.state in inference_servers.HOLDING
        for each in inference_servers.list_servers()
    )
