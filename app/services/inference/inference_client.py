"""The client of the inference server: finding it by its registration, waking it, passing on its refusals."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.errors import Conflict, StudioError
from app.languages import decimal
from app.languages import gettext as _
from app.processes.certificates import trusted
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, YIELDED, InferenceServerStatus
from app.settings import get_settings

# Importing torch and transformers takes seconds, on a busy machine many.
WAKE_TIMEOUT = 120.0
# Right after the studio has started its server may not have registered yet.
REGISTRATION_TIMEOUT = 5.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class InferenceStatus:
    """The registered servers, and the reason why no model could answer now, if there is one."""

    problem: Conflict | None
    servers: list[InferenceServerStatus]

    def as_dict(self) -> dict[str, Any]:
        """``{"problem": body of the error or None, "servers"}``."""
        problem = self.problem.as_dict() if self.problem else None
        return {"problem": problem, "servers": [server.as_dict() for server in self.servers]}


def wake() -> str:
    """The address of a ready server; an idle one is started and waited for, up to two minutes.

    Raises:
        Conflict: there is none, its heartbeat stopped, a training has its device, or it did not become ready.
    """
    began = time.monotonic()
    asked = ""
    while True:
        servers = inference_servers.list_servers()
        if not servers and time.monotonic() - began < REGISTRATION_TIMEOUT:
            time.sleep(POLL_SECONDS)
            continue
        server = _choose(servers)
        if server.state == READY:
            return server.url
        if server.name != asked:
            inference_servers.want(server.name)
            asked = server.name
        if time.monotonic() - began > WAKE_TIMEOUT:
            raise Conflict(
                "inference_not_ready",
                _(
                    "The inference server on {host} did not begin to answer within {WAKE_TIMEOUT} s.",
                    host=server.host,
                    WAKE_TIMEOUT=decimal(WAKE_TIMEOUT, grouped=False),
                ),
                _("Look at the end of its log (`studio doctor` names the folder), then try again."),
                details={"server": server.name, "state": server.state, "problem": server.facts.get("problem", "")},
            )
        time.sleep(POLL_SECONDS)


def status() -> InferenceStatus:
    """Whether a model could answer now, and if not why."""
    servers = inference_servers.list_servers()
    try:
        _choose(servers)
    except Conflict as problem:
        return InferenceStatus(problem, servers)
    return InferenceStatus(None, servers)


def client(address: str) -> httpx.Client:
    """An HTTP client that sends the secret."""
    return httpx.Client(base_url=address, headers=_headers(), trust_env=False, verify=trusted())


def async_client(address: str) -> httpx.AsyncClient:
    """An asynchronous HTTP client that sends the secret, for streams."""
    return httpx.AsyncClient(base_url=address, headers=_headers(), trust_env=False, verify=trusted())


def refusal(status: int, body: bytes) -> StudioError:
    """The error in the server's answer; an answer in another form is not shown to people."""
    try:
        error = json.loads(body)["error"]
        return StudioError(
            error["code"], error["message"], error.get("hint", ""), status=status, details=error.get("details") or {}
        )
    except (ValueError, KeyError, TypeError):
        return Conflict(
            "inference_failed",
            _("The inference server answered with status {status}.", status=status),
            _("Look at its log with `studio doctor`, then try again."),
        )


def connection_lost() -> Conflict:
    """The error for a connection that broke or could not be made; the registration may still say ready."""
    return Conflict(
        "inference_gone",
        _("The connection to the inference server was lost."),
        _("Try again in a few seconds; it is restarted automatically. The Queue page shows its state."),
    )


def _choose(servers: Sequence[InferenceServerStatus]) -> InferenceServerStatus:
    """The server to ask; the list has ready ones first, then those that can be started."""
    if not servers:
        raise Conflict(
            "inference_missing",
            _("No inference server is running, so no model can answer."),
            _(
                "`studio up` starts one by itself; in server mode run `studio inference` on a machine with the data folder."
            ),
        )
    first = servers[0]
    if not first.alive:
        raise Conflict(
            "inference_silent",
            _(
                "The inference server on {host} has sent no heartbeat for {seconds_since} s.",
                host=first.host,
                seconds_since=decimal(first.seconds_since, grouped=False),
            ),
            _("Start it again: restart `studio up`, or run `studio inference` on that machine."),
            details={"server": first.name},
        )
    if first.state == YIELDED:
        raise Conflict(
            "device_training",
            _("A training run uses the GPU now, and the inference server has released it."),
            _("It is started again when the run has finished; the Queue page says when that will be."),
        )
    return first


def _headers() -> dict[str, str]:
    # Loopback or a private network; the secret proves that the web process asks, which has authenticated the person.
    return {"X-Studio-Secret": get_settings().inference_secret}
