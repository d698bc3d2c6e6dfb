"""The web process: API and pages in one application, behind the gate. ``uvicorn --factory studio.web:serve_web``."""

import logging
import re

from starlette.types import ASGIApp

from app import logs
from app.gate import Gate
from app.processes import garbage_collection
from app.processes.secrecy import hide_memory
from app.settings import get_settings
from studio.connections import raise_open_files

# After the question mark stand tokens of links and words that people look for.
QUERY = re.compile(r"\?[^\s\"]*")


def create_web() -> ASGIApp:
    """API and pages behind the gate; the access log shows no query."""
    from app.main import create_api
    from studio_ui.app import mount

    logs.set_up("web")
    if get_settings().log_format == "json":
        for name in ("uvicorn", "uvicorn.access"):
            logs.adopt(name, "web")
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    return Gate(mount(create_api()))


def serve_web() -> ASGIApp:
    """What ``studio web`` serves: :func:`create_web` in a process that does nothing else."""
    hide_memory()
    raise_open_files()
    garbage_collection.pause()
    web = create_web()
    garbage_collection.resume()
    return web


def _without_query(entry: logging.LogRecord) -> bool:
    if isinstance(entry.args, tuple):
        entry.args = tuple(
            QUERY.sub("?...", argument) if isinstance(argument, str) else argument for argument in entry.args
        )
    return True
