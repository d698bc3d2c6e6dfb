"""The command of each process, in one place: `studio up` starts them as children, `studio web` and others become one."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from app.processes.subprocess import inherited_all
from app.settings import get_settings

# Processes start here, so that they find the packages also when `studio` was called from another folder.
ROOT = Path(__file__).resolve().parent.parent
# Open pages keep connections; a stop must not wait for them longer than this.
WEB_GRACE_SECONDS = 3
# A browser may send a request on a kept connection at the moment when it is closed; the longer it is kept, the rarer that is.
WEB_KEEP_ALIVE_SECONDS = 75


def web() -> list[str]:
    """Pages and API."""
    settings = get_settings()
    return [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "studio.web:serve_web",
        "--host",
        settings.host,
        "--port",
        str(settings.port),
        "--http",
        "studio.connections:BoundedProtocol",
        *_proxies(settings.trusted_proxies),
        "--log-level",
        settings.log_level.lower(),
        "--timeout-graceful-shutdown",
        str(WEB_GRACE_SECONDS),
        "--timeout-keep-alive",
        str(WEB_KEEP_ALIVE_SECONDS),
    ]


def _proxies(trusted: str) -> list[str]:
    """uvicorn believes every proxy on this machine unless configured otherwise."""
    return ["--proxy-headers", "--forwarded-allow-ips", trusted] if trusted else ["--no-proxy-headers"]


def worker(name: str = "celery") -> list[str]:
    """A Celery worker, of one GPU or of several together: one run at a time. Workers of one machine have different names."""
    return _worker("train", "prefork", name)


def light_worker(name: str = "light") -> list[str]:
    """A Celery worker for reports, label reviews, exports and downloads; each of them has a process of its own."""
    return _worker("light", "solo", name)


def _worker(queue: str, pool: str, name: str) -> list[str]:
    return [
        *_celery(),
        "worker",
        "-Q",
        queue,
        "-P",
        pool,
        "-c",
        "1",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-n",
        f"{name}@%h",
        "--loglevel",
        get_settings().log_level,
    ]


def beat() -> list[str]:
    """The sweeper; it keeps no schedule on disk."""
    return [*_celery(), "beat", "--loglevel", get_settings().log_level]


def inference() -> list[str]:
    """The supervisor of the inference server."""
    return [sys.executable, "-m", "studio.cli", "inference"]


def environment(**values: str) -> dict[str, str]:
    """This process's environment with some values replaced; the data folder becomes an absolute path."""
    folder = {"STUDIO_DATA_DIR": str(get_settings().resolved_data_dir)}
    return {**inherited_all(), **folder, "PYTHONUNBUFFERED": "1", **values}


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and exit codes are the server's own."""
    changed = environment()
    os.chdir(ROOT)
    os.execve(command[0], command, changed)


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "worker.app"]
