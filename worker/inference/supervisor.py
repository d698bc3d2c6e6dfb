"""Looks after one model server: registers it, starts it when it is wanted, ends it when it rests or a training needs its device.

``studio inference`` is this process. Never imports torch; the process that holds the models is its child and knows no
database. What happens to either of them is seen in the row within seconds.
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

LOOK_SECONDS = 0.25
# Importing the libraries takes seconds, on a busy machine many; a server that says nothing for so long hangs.
START_SECONDS, SILENT_SECONDS = 120.0, 60.0
# Readers of a running answer are given so long to see its end before it is stopped for a training.
FAREWELL_SECONDS = 3.0
# A server that answers is asked how it does this often.
STATUS_SECONDS = 1.0
# After a server that died by itself, so that one that cannot start does not burn a processor.
AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Place:
    """Who looks after the server, where it answers, what it computes on."""

    name: str
    url: str
    device: str


class InferenceSupervisor:
    """Looks four times a second; everything it decides by is in the database or asked of the server."""

    def __init__(self, place: Place, idle_seconds: float) -> None:
        self.place = place
        self.leaving = threading.Event()
        self._idle_seconds = idle_seconds
        self._server: ModelServer | None = None
        self._state, self._facts = RESTING, dict[str, Any]()
        self._told: tuple[str, dict[str, Any]] | None = None
        self._beat_at = self._heard_at = self._again_at = 0.0

    def run(self) -> None:
        """Until ``leaving`` is set; leaves no server behind."""
        self._insist_on_registering()
        try:
            while not self.leaving.wait(LOOK_SECONDS):
                try:
                    self.look()
                except DATABASE_AWAY:
                    # Whoever talks to the server already goes on.
                    log.warning("the database is away; looking again")
        finally:
            self._end()
            try:
                inference_servers.leave(self.place.name)
            except DATABASE_AWAY:
                log.warning("the database is away; the heartbeat will run out")

    def look(self) -> None:
        """See once what is wanted and what is there, act, and tell."""
        taken = inference_servers.is_taken(self.place.device)
        if self._server is None:
            self._state = YIELDED if taken else RESTING
            if not taken and time.monotonic() >= self._again_at and inference_servers.is_wanted(self.place.name):
                self._start()
        elif (code := self._server.poll()) is not None:
            self._died(f"it ended by itself with code {code}")
        elif taken:
            self._rest(YIELDED, FAREWELL_SECONDS)
        else:
            self._listen(self._server)
        self._tell()

    def _start(self) -> None:
        self._state, self._facts = STARTING, {}
        self._tell()
        # Asked again after the row says so: a training that looked before saw nobody, one that looks now waits for us.
        if inference_servers.is_taken(self.place.device):
            self._state = YIELDED
            return
        log.info("starting the model server at %s", self.place.url)
        self._server, self._heard_at = ModelServer(self.place.url), time.monotonic()

    def _listen(self, server: ModelServer) -> None:
        if self._state == READY and time.monotonic() - self._heard_at < STATUS_SECONDS:
            return
        told = server.status()
        if told is not None:
            if self._state == STARTING:
                log.info("the model server answers")
            self._state, self._facts, self._heard_at = READY, told, time.monotonic()
            if self._idle_seconds and told["idle_seconds"] > self._idle_seconds and not told["replies"]:
                log.info("nobody has asked for %.0f s; its memory is freed", told["idle_seconds"])
                self._rest(RESTING, 0.0)
        elif time.monotonic() - self._heard_at > (START_SECONDS if self._state == STARTING else SILENT_SECONDS):
            self._end()
            self._died("it did not answer")

    def _rest(self, state: str, farewell_seconds: float) -> None:
        """End the server, after its readers were told; its process takes all it held of the device with it."""
        if self._server is not None:
            stopped = self._server.close(farewell_seconds)
            log.info("making room: state=%s answers stopped=%s", state, stopped)
        self._end()
        self._state, self._facts = state, {}

    def _died(self, how: str) -> None:
        log.error("the model server is gone: %s", how)
        self._server, self._state, self._facts = None, RESTING, {"problem": how}
        self._again_at = time.monotonic() + AGAIN_SECONDS

    def _end(self) -> None:
        if self._server is not None:
            self._server.end(END_SECONDS)
            self._server = None

    def _tell(self) -> None:
        """Write the row when something has changed, and every few seconds in any case."""
        shown = {key: value for key, value in self._facts.items() if key != "idle_seconds"}
        now = time.monotonic()
        if (self._state, shown) == self._told and now - self._beat_at < HEARTBEAT_SECONDS:
            return
        if not inference_servers.beat(self.place.name, self._state, self._facts):
            # Silent for a day, as laptops are, and forgotten.
            inference_servers.register(self.place.name, self.place.url, self.place.device)
        self._told, self._beat_at = (self._state, shown), now

    def _insist_on_registering(self) -> None:
        while not self.leaving.is_set():
            try:
                inference_servers.register(self.place.name, self.place.url, self.place.device)
                return
            except DATABASE_AWAY:
                log.warning("the database is away; registering when it is back")
                self.leaving.wait(1.0)


def supervise(idle_seconds: float | None = None) -> None:
    """Look after a server at ``STUDIO_INFERENCE_URL`` until this process is told to stop."""
    settings = get_settings()
    logs.set_up("inference")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    place = Place(jobs.default_holder(), settings.inference_url.rstrip("/"), next(iter(devices.device_names()), ""))
    keeper = InferenceSupervisor(place, settings.inference_idle_seconds if idle_seconds is None else idle_seconds)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: keeper.leaving.set())
    log.info("looking after the model server at %s, device=%s", place.url, place.device or "shared")
    keeper.run()
