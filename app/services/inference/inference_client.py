"""The way to the inference server: finding it by its registration, waking it, passing on what it refuses. Loads no model."""

import json
import time
from collections.abc import Sequence
from typing import Any

import httpx

from app.errors import Conflict, StudioError
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, YIELDED, Server
from app.settings import get_settings

# The libraries alone take seconds to load, on a busy machine very many.
WAKE_SECONDS = 120.0
# Right after the studio has started its server may not have registered yet.
APPEAR_SECONDS = 5.0
LOOK_SECONDS = 0.1


def wake() -> str:
    """The address of a server that answers; one that rests is asked to come and waited for, up to two minutes.

    Raises:
        Conflict: there is none, it has fallen silent, a training has its device, or it did not come.
    """
    began = time.monotonic()
    asked = ""
    while True:
        servers = inference_servers.list_servers()
        if not servers and time.monotonic() - began < APPEAR_SECONDS:
            time.sleep(LOOK_SECONDS)
            continue
        server = _choose(servers)
        if server.state == READY:
            return server.url
        if server.name != asked:
            inference_servers.want(server.name)
            asked = server.name
        if time.monotonic() - began > WAKE_SECONDS:
            raise Conflict(
                "inference_not_ready",
                f"The inference server on {server.host} did not begin to answer within {WAKE_SECONDS:.0f} s.",
                "Look at the end of its log (`studio doctor` names the folder), then try again.",
                details={"server": server.name, "state": server.state, "problem": server.facts.get("problem", "")},
            )
        time.sleep(LOOK_SECONDS)


def describe() -> dict[str, Any]:
    """``{"problem": a StudioError's body or None, "servers": [...]}``: whether a model could answer now, and if not why."""
    servers = inference_servers.list_servers()
    told = [each.as_dict() for each in servers]
    try:
        _choose(servers)
    except Conflict as problem:
        return {"problem": problem.as_dict(), "servers": told}
    return {"problem": None, "servers": told}


def client(address: str) -> httpx.Client:
    """A connection that carries the secret."""
    return httpx.Client(base_url=address, headers=_headers(), trust_env=False)


def async_client(address: str) -> httpx.AsyncClient:
    """The same for streams."""
    return httpx.AsyncClient(base_url=address, headers=_headers(), trust_env=False)


def refusal(status: int, body: bytes) -> StudioError:
    """The server's own refusal, passed on; anything else is not for people's eyes."""
    try:
        told = json.loads(body)["error"]
        return StudioError(
            told["code"], told["message"], told.get("hint", ""), status=status, details=told.get("details") or {}
        )
    except (ValueError, KeyError, TypeError):
        return Conflict(
            "inference_failed",
            f"The inference server answered with status {status}.",
            "Look at its log with `studio doctor`, then try again.",
        )


def gone() -> Conflict:
    """The connection broke, or could not be made: the row may still say that it answers."""
    return Conflict(
        "inference_gone",
        "The inference server stopped while it was asked.",
        "Try again in a few seconds; it is started again by itself. The Queue page shows how it does.",
    )


def _choose(servers: Sequence[Server]) -> Server:
    """The server to ask: one that answers, else one that can come."""
    if not servers:
        raise Conflict(
            "inference_missing",
            "No inference server is running, so no model can answer.",
            "`studio up` starts one by itself; in server mode run `studio inference` on a machine with the data folder.",
        )
    first = servers[0]
    if not first.alive:
        raise Conflict(
            "inference_silent",
            f"The inference server on {first.host} has not been heard of for {first.seconds_since:.0f} s.",
            "Start it again: restart `studio up`, or run `studio inference` on that machine.",
            details={"server": first.name},
        )
    if first.state == YIELDED:
        raise Conflict(
            "device_training",
            "A training uses the graphics card now, and the models that answer have made room for it.",
            "They come back when it has finished; the Queue page says when that will be.",
        )
    return first


def _headers() -> dict[str, str]:
    # Loopback or a private network; the secret says that the web asks, who has checked the person.
    return {"X-Studio-Secret": get_settings().inference_secret}
