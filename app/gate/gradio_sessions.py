"""Binds Gradio's ``session_hash`` and ``event_id``, which its clients choose freely, to the user who first used them.

Gradio treats both as bearer secrets; here a second user who knows one gets 404. File references in event inputs are refused,
since no file enters through Gradio. The state belongs to one web process.
"""

import json
import re
from collections import OrderedDict
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Scope

from app.errors import NotAllowed, NotFound, Rejected
from app.gate.routes import CALL, GRADIO
from app.languages import gettext as _

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
EVENT = re.compile(rb'"event_id"\s*:\s*"([0-9a-f]{8,64})"')
# Enough for a day of reloading; the oldest sessions of the same user are dropped beyond it.
MAX_PER_USER = 5000


class GradioSessions:
    """Owners of sessions and events."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}
        self._names: dict[str, OrderedDict[str, None]] = {}

    def check_path(self, scope: Scope, user_id: str) -> None:
        """Check sessions and events named in the address, for the event streams and the heartbeat."""
        path = scope["path"]
        if path == GRADIO + "/queue/data":
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            for name in query.get("session_hash", []):
                self.claim(name, user_id)
        elif path.startswith(GRADIO + "/heartbeat/"):
            self.claim(path.rsplit("/", 1)[1], user_id)
        elif (called := CALL.fullmatch(path.removeprefix(GRADIO))) and called[1]:
            self.claim(called[1], user_id)

    def check_body(self, body: bytes, user_id: str) -> None:
        """Check sessions, events and inputs named in a JSON body.

        Raises:
            Rejected: the body is not a JSON object.
            NotFound: a session or event of somebody else.
            NotAllowed: an input refers to a file.
        """
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Rejected("json", _("The request body is not valid JSON."), status=400) from None
        if not isinstance(content, dict):
            raise Rejected("json", _("The request body must be a JSON object."), status=400)
        for key in ("session_hash", "event_id"):
            if content.get(key) is not None:
                self.claim(content[key], user_id)
        if _names_file(content.get("data")):
            raise NotAllowed("file_reference", _("Files are sent to /api/v1/datasets, not inside an event."))

    def bind_event(self, chunk: bytes, user_id: str) -> None:
        """Bind an event id of Gradio's response to the user."""
        if match := EVENT.search(chunk):
            self._bind(match[1].decode(), user_id)

    def claim(self, name: Any, user_id: str) -> None:
        """Bind a name to its first user; for anybody else it does not exist."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise NotFound("session_not_found", _("There is no such session."), _("Reload the page."))
        if self._bind(name, user_id) != user_id:
            raise NotFound("session_not_found", _("There is no such session."), _("Reload the page."))

    def _bind(self, name: str, user_id: str) -> str:
        """The owner of the name: this user if it was unbound."""
        owner = self._owner.setdefault(name, user_id)
        if owner != user_id:
            return owner
        names = self._names.setdefault(user_id, OrderedDict())
        names[name] = None
        names.move_to_end(name)
        if len(names) > MAX_PER_USER:
            self._owner.pop(names.popitem(last=False)[0], None)
        return owner


def _names_file(value: Any) -> bool:
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            meta = node.get("meta")
            if isinstance(meta, dict) and str(meta.get("_type", "")).startswith("gradio.File"):
                return True
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return False
