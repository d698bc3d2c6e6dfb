"""The API behind its gate, with two people who hold tokens."""

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.gate import Gate
from app.main import create_api
from app.services.accounts import accounts
from tests.app.wire import Answer, ask


@dataclass
class Person:
    """Somebody who sends requests with a token."""

    id: str
    token: str
    app: ASGIApp

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return ask(self.app, method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.ask("POST", path, **options)

    def upload(self, parts: list[tuple[str, str | None, bytes]], **options: Any) -> Answer:
        """Send a multipart form of (name, file name or None, content)."""
        headers = {"content-type": "multipart/form-data; boundary=BOUND", **options.pop("headers", {})}
        return self.post("/api/v1/datasets", headers=headers, body=multipart(parts), **options)


def multipart(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    body: list[bytes] = []
    for name, file_name, content in parts:
        file = f'; filename="{file_name}"'.encode() if file_name is not None else b""
        body += [b'--BOUND\r\nContent-Disposition: form-data; name="', name.encode(), b'"', file, b"\r\n\r\n"]
        body += [content, b"\r\n"]
    return b"".join([*body, b"--BOUND--\r\n"])


@pytest.fixture(scope="session")
def routes() -> ASGIApp:
    """All routes, made once: they keep nothing between requests."""
    return create_api()


@pytest.fixture
def api(studio_home: Any, routes: ASGIApp) -> ASGIApp:
    return Gate(routes)


@pytest.fixture
def ann(api: ASGIApp, owner: str) -> Person:
    return Person(owner, accounts.create_token(owner), api)


@pytest.fixture
def bob(api: ASGIApp) -> Person:
    user = accounts.add_user("bob")
    return Person(user.id, accounts.create_token(user.id), api)
