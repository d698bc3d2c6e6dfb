"""Lines of the logs: for people by default, for programs as JSON, both with the job and run that they are about.

Every line is one line, whatever a user's words hold.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from app.settings import get_settings

_facts: ContextVar[dict[str, str] | None] = ContextVar("facts", default=None)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Whatever is logged inside names these, e.g. ``job`` and ``run``."""
    token = _facts.set({**(_facts.get() or {}), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def set_up(process: str) -> None:
    """Send this process's logs to standard error in the format of ``STUDIO_LOG_FORMAT``, unless somebody takes them."""
    root = logging.getLogger()
    root.setLevel(get_settings().log_level)
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_formatter(process))
        root.addHandler(handler)


def adopt(name: str, process: str) -> None:
    """Give the handlers that a library has set up for its own logger the same format."""
    for handler in logging.getLogger(name).handlers:
        handler.setFormatter(_formatter(process))


class JsonLines(logging.Formatter):
    """``{"at", "level", "process", "logger", "message", "job", "run", "error"}``, one object per line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        entry = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
            **(_facts.get() or {}),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Time, level, logger, message and what it is about; line breaks in a message are shown, not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        facts = "".join(f" {name}={value}" for name, value in (_facts.get() or {}).items())
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n").replace("\x1b", "\\x1b")
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = f"{at} {record.levelname} {record.name} {message}{facts}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _formatter(process: str) -> logging.Formatter:
    return JsonLines(process) if get_settings().log_format == "json" else TextLines()
