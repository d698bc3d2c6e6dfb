"""`studio up`: web, workers, beat and the inference server's supervisor as children of one process.

Holds the data folder, applies migrations, prints one sign-in link when the pages answer, restarts what dies, and leaves
no process behind.
"""

import errno
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType

import httpx

from app import disk_space, files, storage
from app.errors import Conflict, Rejected, StudioError
from app.processes.certificates import trusted
from app.processes.secrecy import hide_memory
from app.services.accounts import accounts
from app.services.queue import placement
from app.settings import Settings, get_settings
from studio import commands
from studio.children import ChildProcess, Urgency, end_all, rotate_log
from studio.claimed_folder import bring_up_to_date, claimed

LOOK_SECONDS = 0.1
READY_SECONDS = 60.0
# A supervisor insists after 5 s and ends its trainer after 7.5 s; all must be gone within 10 s.
GRACE_SECONDS = 8.3


def run_up() -> None:
    """Run the studio until Ctrl-C or SIGTERM.

    Raises:
        Conflict: another studio holds the data folder, or the port is in use.
        Rejected: the data folder or the address cannot be used.
        StudioError: a child kept dying.
    """
    hide_memory()
    settings = get_settings()
    with claimed() as tell:
        port = _usable_port(settings)
        address = settings.public_url.rstrip("/") or f"http://{_host_for_people(settings.host)}:{port}"
        tell(address)
        _Studio(settings, port, address).run()


def workers(environment: dict[str, str], gpus: Sequence[str]) -> list[ChildProcess]:
    """One worker per GPU; where there are several, one more sees all of them, for runs that ask for more than one."""
    if len(gpus) < 2:
        return [ChildProcess("worker", commands.worker(), environment)]
    single = [
        ChildProcess(f"worker-{number}", commands.worker(f"gpu{number}"), {**environment, "CUDA_VISIBLE_DEVICES": gpu})
        for number, gpu in enumerate(gpus, 1)
    ]
    wide = {**environment, "CUDA_VISIBLE_DEVICES": ",".join(gpus), "STUDIO_LEAST_DEVICES": "2"}
    return [*single, ChildProcess("worker-all", commands.worker("all"), wide)]


class _Studio:
    """The children, and the loop that watches them."""

    def __init__(self, settings: Settings, port: int, address: str) -> None:
        self.address = address
        self.port = port
        self.host = _host_for_people(settings.host)
        shared = {"STUDIO_PORT": str(port), **_inference_place(settings)}
        environment = commands.environment(**shared)
        self.children = [
            ChildProcess("web", _with_port(commands.web(), port), environment),
            *workers(environment, placement.own_capacity().names),
            ChildProcess("light-worker", commands.light_worker(), environment),
            ChildProcess("beat", commands.beat(), environment),
        ]
        # It starts the process that holds models only when somebody asks one; somebody else's address is left to them.
        self.inference = ChildProcess("inference", commands.inference(), environment)
        self.manages_inference = "inference_url" not in settings.model_fields_set
        self.stopping = False
        self.hurry = Urgency()

    def run(self) -> None:
        """From the first migration to the last child's end."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        say(f"Starting the studio on {storage.data_dir()}")
        bring_up_to_date()
        for child in (*self.children, self.inference):
            rotate_log(child.log)
        # Beside everything else, so that the pages do not wait for a walk over a large folder. Nobody else works on it, so
        # what was not changed since this start was left by processes that are gone.
        sweep = partial(files.sweep_temporary, storage.data_dir(), time.time())
        threading.Thread(target=sweep, daemon=True, name="sweep").start()
        try:
            for child in self.children:
                child.start()
            self._watch()
        finally:
            began = time.monotonic()
            end_all((*self.children, self.inference), GRACE_SECONDS, self.hurry)
            say(f"Stopped after {time.monotonic() - began:.1f} s; nothing is left running.")

    def _watch(self) -> None:
        began = time.monotonic()
        ready = False
        while not self.stopping:
            if not ready and self._is_ready():
                ready = True
                self._greet(time.monotonic() - began)
                # Afterwards, so that the pages are there sooner.
                if self.manages_inference:
                    self.inference.start()
            if not ready and time.monotonic() - began > READY_SECONDS:
                raise _not_ready(self.children[0])
            for child in (*self.children, self.inference):
                self._look_after(child)
            time.sleep(LOOK_SECONDS)

    def _look_after(self, child: ChildProcess) -> None:
        """Restart a child that died; give up when it keeps dying."""
        code = child.died()
        if code is not None:
            wait = child.plan_restart()
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            if wait is None:
                raise _keeps_dying(child, how)
            say(f"The {child.name} process ended ({how}); starting it again in {wait:.1f} s. Log: {child.log}")
        elif child.process is None and child.start_after and time.monotonic() >= child.start_after:
            child.start_after = 0.0
            child.start()

    def _is_ready(self) -> bool:
        try:
            url = f"http://{self.host}:{self.port}/readyz"
            answer = httpx.get(url, timeout=2.0, trust_env=False, verify=trusted())
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def _greet(self, seconds: float) -> None:
        say(f"Ready after {seconds:.1f} s. Open this link to sign in; it works once, within an hour:")
        try:
            say(f"  {self.address}/sign-in?token={accounts.create_sign_in_link(accounts.ensure_owner().id)}")
        except Exception as error:
            if not disk_space.is_full(error):
                raise
            full = disk_space.disk_full(disk_space.free_bytes())
            say(
                f"  No link can be made. {full.message} {full.hint} Who is signed in at {self.address} can go on reading."
            )
        say("Ctrl-C stops the studio; a running training goes on from its last checkpoint at the next start.")

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.hurry.asked = self.stopping
        if not self.stopping:
            say("Stopping ...")
        self.stopping = True


def say(line: str) -> None:
    """One calm line for the person at the terminal."""
    # The terminal may have gone away with the person; that must not stop the stopping.
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = sys.stderr


def _usable_port(settings: Settings) -> int:
    """The wanted port, or a free one for 0; refuses a port that somebody else uses."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise _unusable_address(settings, error) from None
        return int(probe.getsockname()[1])


def _unusable_address(settings: Settings, error: OSError) -> StudioError:
    if error.errno == errno.EADDRINUSE:
        return Conflict(
            "port_in_use",
            f"Port {settings.port} on {settings.host} is used by another program.",
            "Stop that program, or choose another port: STUDIO_PORT=7870 studio up",
        )
    return Rejected(
        "address",
        f"The studio cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.",
        "Set STUDIO_HOST to an address of this machine and STUDIO_PORT to a port above 1023.",
    )


def _inference_place(settings: Settings) -> dict[str, str]:
    """Where the inference server listens and the secret for it, unless somebody has set them up elsewhere."""
    secret = settings.inference_secret or secrets.token_urlsafe(32)
    if "inference_url" in settings.model_fields_set:
        return {"STUDIO_INFERENCE_SECRET": secret}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    return {"STUDIO_INFERENCE_URL": url, "STUDIO_INFERENCE_SECRET": secret}


def _with_port(command: list[str], port: int) -> list[str]:
    at = command.index("--port") + 1
    return [*command[:at], str(port), *command[at + 1 :]]


def _host_for_people(host: str) -> str:
    """An address that can be opened: a wildcard listens everywhere but is no place to go to."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _not_ready(web: ChildProcess) -> StudioError:
    return StudioError(
        "not_ready",
        f"The pages did not answer within {READY_SECONDS:.0f} s.",
        f"The reason is at the end of {web.log}.",
    )


def _keeps_dying(child: ChildProcess, how: str) -> StudioError:
    return StudioError(
        "child_keeps_dying",
        f"The {child.name} process ended five times within a minute, the last time with {how}; the studio was stopped.",
        f"The reason is at the end of {child.log}.",
    )
