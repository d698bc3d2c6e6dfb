"""The web process: API and pages in one application, behind the gate. ``uvicorn --factory studio.web:serve_web``."""

import gc
import logging
import re

from starlette.types import ASGIApp

from app import logs
from app.gate import Gate
from app.main import create_api
from app.settings import get_settings
from studio_ui.app import mount

TOKEN = re.compile(r"([?&]token=)[^&\s\"]*")


def create_web() -> ASGIApp:
    """API and pages behind the gate; the access log loses the tokens of sign-in links."""
    logs.set_up("web")
    if get_settings().log_format == "json":
        for name in ("uvicorn", "uvicorn.access"):
            logs.adopt(name, "web")
    logging.getLogger("uvicorn.access").addFilter(_without_token)
    return Gate(mount(create_api()))


def serve_web() -> ASGIApp:
    """What ``studio web`` serves: :func:`create_web` in a process that does nothing else."""
    web = create_web()
    # What has been imported stays for good; looking through all of it for garbage would hold requests up for tenths of a
    # second, again and again.
    gc.collect()
    gc.freeze()
    return web


def _without_token(entry: logging.LogRecord) -> bool:
    if isinstance(entry.args, tuple):
        entry.args = tuple(
            TOKEN.sub(r"\1...", argument) if isinstance(argument, str) else argument for argument in entry.args
        )
    return True
