"""Supervises one inference server: registers it, starts it on demand, stops it when idle or when a training needs the device.

``studio inference`` is this process. The server that holds the models is its child and has no database; the state of both is
written to the registration row within seconds.
"""

import logging
import signal
import threading
import time
from dataclasses import dataclass
from typing import Any

from app import logs
from app.services.queue import devices, inference_servers, jobs
from app.services.queue.inference_servers import HEARTBEAT_SECONDS, READY, RESTING, STARTING, YIELDED
from app.settings import get_settings
from worker.database_outage import DATABASE_AWAY
from worker.inference.server_process import END_SECONDS, ModelServer

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
# After so long without an answer the server counts as hung; importing the libraries takes many seconds on a busy machine.
START_SECONDS, UNRESPONSIVE_SECONDS = 120.0, 60.0
# Grace for running replies before they are stopped for a training.
CLOSE_SECONDS = 3.0
# Between two status requests to a server that answers.
STATUS_SECONDS = 1.0
# After a crash, so that a server that cannot start does not use a processor without end.
RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class Registration:
    """The supervisor's name, the server's address, and the device that it computes on."""

    name: str
    url: str
    device: str


class InferenceSupervisor:
    """Polls the database and the server four times a second, and acts on what it finds."""

    def __init__(self, registration: Registration, idle_seconds: float) -> None:
        self.registration = registration
        self.leaving = threading.Event()
        self._idle_seconds = idle_seconds
        self._server: ModelServer | None = None
        self._state, self._status = RESTING, dict[str, Any]()
        self._written: tuple[str, dict[str, Any]] | None = None
        self._heartbeat_at = self._answered_at = self._retry_at = 0.0

    def run(self) -> None:
        """Supervise until ``leaving`` is set, then end the server."""
        self._register()
        try:
            while not self.leaving.wait(POLL_SECONDS):
                try:
                    self.check()
                except DATABASE_AWAY:
                    # Replies in progress go on.
                    log.warning("the database is away; checking again")
        finally:
            self._end()
            try:
                inference_servers.leave(self.registration.name)
            except DATABASE_AWAY:
                log.warning("the database is away; the heartbeat will run out")

    def check(self) -> None:
        """Compare once what is wanted with what runs, act, and write the state."""
        taken = inference_servers.is_taken(self.registration.device)
        if self._server is None:
            self._state = YIELDED if taken else RESTING
            if not taken and time.monotonic() >= self._retry_at and inference_servers.is_wanted(self.registration.name):
                self._start()
        elif (code := self._server.poll()) is not None:
            self._record_crash(f"it ended by itself with code {code}")
        elif taken:
            self._stop(YIELDED, CLOSE_SECONDS)
        else:
            self._poll_server(self._server)
        self._write_state()

    def _start(self) -> None:
        self._state, self._status = STARTING, {}
        self._write_state()
        # Checked again after the row says so: a training that checked before saw no server, one that checks now waits for it.
        if inference_servers.is_taken(self.registration.device):
            self._state = YIELDED
            return
        log.info("starting the inference server at %s", self.registration.url)
        self._server, self._answered_at = ModelServer(self.registration.url), time.monotonic()

    def _poll_server(self, server: ModelServer) -> None:
        if self._state == READY and time.monotonic() - self._answered_at < STATUS_SECONDS:
            return
        status = server.status()
        if status is not None:
            if self._state == STARTING:
                log.info("the inference server answers")
            self._state, self._status, self._answered_at = READY, status.model_dump(), time.monotonic()
            if self._idle_seconds and status.idle_seconds > self._idle_seconds and not status.replies:
                log.info("idle for %.0f s; its memory is freed", status.idle_seconds)
                self._stop(RESTING, 0.0)
        elif time.monotonic() - self._answered_at > (
            START_SECONDS if self._state == STARTING else UNRESPONSIVE_SECONDS
        ):
            self._end()
            self._record_crash("it did not answer")

    def _stop(self, state: str, grace_seconds: float) -> None:
        """Close and end the server, which frees all memory that it held on the device."""
        if self._server is not None:
            stopped = self._server.close(grace_seconds)
            log.info("the inference server was closed: state=%s replies stopped=%s", state, stopped)
        self._end()
        self._state, self._status = state, {}

    def _record_crash(self, how: str) -> None:
        log.error("the inference server is gone: %s", how)
        self._server, self._state, self._status = None, RESTING, {"problem": how}
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _end(self) -> None:
        if self._server is not None:
            self._server.end(END_SECONDS)
            self._server = None

    def _write_state(self) -> None:
        """Write the row when something has changed, and as a heartbeat every few seconds."""
        shown = {key: value for key, value in self._status.items() if key != "idle_seconds"}
        now = time.monotonic()
        if (self._state, shown) == self._written and now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        if not inference_servers.beat(self.registration.name, self._state, self._status):
            # The row was removed after a day without heartbeat (a laptop that slept).
            inference_servers.register(self.registration.name, self.registration.url, self.registration.device)
        self._written, self._heartbeat_at = (self._state, shown), now

    def _register(self) -> None:
        while not self.leaving.is_set():
            try:
                inference_servers.register(self.registration.name, self.registration.url, self.registration.device)
                return
            except DATABASE_AWAY:
                log.warning("the database is away; registering when it is back")
                self.leaving.wait(1.0)


def supervise(idle_seconds: float | None = None) -> None:
    """Supervise a server at ``STUDIO_INFERENCE_URL`` until this process is asked to stop."""
    settings = get_settings()
    logs.set_up("inference")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    registration = Registration(
        jobs.default_holder(), settings.inference_url.rstrip("/"), next(iter(devices.device_names()), "")
    )
    supervisor = InferenceSupervisor(
        registration, settings.inference_idle_seconds if idle_seconds is None else idle_seconds
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.leaving.set())
    log.info("supervising the inference server at %s, device=%s", registration.url, registration.device or "shared")
    supervisor.run()
