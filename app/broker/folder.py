"""Messages as files of a folder: written whole or not at all, taken by renaming, moved aside when they cannot be read.

Replaces how kombu's filesystem transport writes and reads files; exchanges and queues stay kombu's. kombu creates a file before
it writes it, so that a full disk leaves an empty message, and dies of the first message that it cannot parse.
"""

import json
import logging
import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem

from app.broker.message import UnreadableMessage, parse
from app.files import write_bytes

ENDING = ".msg"
UNREADABLE = "unreadable"

log = logging.getLogger(__name__)


class FolderChannel(filesystem.Channel):  # type: ignore[misc]
    """A channel whose messages are files ``<time>_<id>.<queue>.msg``."""

    def _put(self, queue: str, payload: dict[str, Any], **ignored: Any) -> None:
        path = Path(self.data_folder_out) / f"{time_ns():020d}_{uuid.uuid4().hex}.{queue}{ENDING}"
        try:
            write_bytes(path, json.dumps(payload).encode(), durable=False)
        except OSError as error:
            raise ChannelError(f"The message cannot be written to {path.parent}: {error.strerror}.") from error

    def _get(self, queue: str) -> dict[str, Any]:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if not name.endswith(f".{queue}{ENDING}"):
                continue
            taken = folder / f".taken-{uuid.uuid4().hex}"
            try:
                # Only one of several workers can rename it.
                os.rename(folder / name, taken)
            except OSError:
                continue
            message = _read(taken, name)
            if message is not None:
                return message
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """See kombu; a damaged list of queues is removed, and is written anew when a worker binds its queue."""
        try:
            return list(super().get_table(exchange))
        except (ValueError, TypeError):
            self._exchange_file(exchange).unlink(missing_ok=True)
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bindings = [list(binding) for binding in self.get_table(exchange)]
        wanted = [routing_key or "", pattern or "", queue or ""]
        if wanted not in bindings:
            write_bytes(self._exchange_file(exchange), json.dumps([wanted, *bindings]).encode(), durable=False)


def _read(taken: Path, name: str) -> dict[str, Any] | None:
    try:
        message = parse(taken.read_bytes())
    except (UnreadableMessage, OSError) as error:
        _move_aside(taken, name, error)
        return None
    taken.unlink(missing_ok=True)
    return message


def _move_aside(taken: Path, name: str, reason: Exception) -> None:
    aside = taken.parent.parent / UNREADABLE
    log.warning("a message cannot be read and is moved aside: %s: %s, see %s", name, reason, aside)
    try:
        aside.mkdir(mode=0o700, exist_ok=True)
        os.replace(taken, aside / name)
    except OSError:
        # On a full disk not even a folder can be made; the message is worth nothing.
        taken.unlink(missing_ok=True)


class FolderTransport(filesystem.Transport):  # type: ignore[misc]
    """kombu's filesystem transport with the channel above."""

    Channel = FolderChannel
