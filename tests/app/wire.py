"""Speaks ASGI to an application directly, so that tests can send paths and headers no client library would."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

HOST = "127.0.0.1:7860"
ORIGIN = f"http://{HOST}"


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def refused(self) -> str:
        """The error's code; empty for an answer that is no refusal in JSON."""
        found = self.json if self.status >= 400 and self.body.startswith(b"{") else {}
        return str(found.get("error", {}).get("code", ""))

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    extra: list[tuple[str, str]] | None = None,
    body: bytes | list[bytes] = b"",
    json_body: Any = None,
) -> Answer:
    """One request; ``path`` is what stands in the request line, decoded once like a server does."""
    if json_body is not None:
        body = json.dumps(json_body).encode()
        headers = {"content-type": "application/json", **(headers or {})}
    raw, _, query = path.partition("?")
    named = [(k.lower(), v) for k, v in {"host": HOST, **(headers or {})}.items()] + (extra or [])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in named],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 7860),
        "state": {},
    }
    return asyncio.run(_drive(app, scope, [body] if isinstance(body, bytes) else body))


async def _drive(app: ASGIApp, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
    answer = Answer()
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    done = asyncio.Event()

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            for key, value in message["headers"]:
                name, text = key.decode("latin-1").lower(), value.decode("latin-1")
                answer.headers[name] = text
                if name == "set-cookie":
                    answer.cookies.append(text)
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                done.set()

    await app(scope, receive, send)
    return answer
