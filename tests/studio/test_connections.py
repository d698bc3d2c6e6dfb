"""Connections with half a request end, and one address cannot hold all of them; over real sockets to a real server."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from studio import connections
from tests.studio.processes import wait_until


async def application(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "MAX_PER_ADDRESS", 8)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=connections.BoundedProtocol, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the server's start")
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def get(connection: socket.socket) -> bytes:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while not answer.endswith(b"ok"):
        answer += connection.recv(1000)
    return answer


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_connection_without_a_whole_head_is_closed(port: int, sent: bytes) -> None:
    with connect(port) as slow:
        slow.sendall(sent)
        assert slow.recv(1000) == b"", "closed by the server, within the socket's thirty seconds"


def test_kept_connection_has_time_for_its_next_request_and_not_for_half_of_one(port: int) -> None:
    with connect(port) as kept:
        assert get(kept).endswith(b"ok")
        kept.settimeout(1.0)
        with pytest.raises(TimeoutError):  # idle between requests for longer than a head may take
            kept.recv(1000)
        kept.settimeout(30.0)
        assert get(kept).endswith(b"ok")
        kept.sendall(b"GET / HT")
        assert kept.recv(1000) == b""


def test_one_address_holds_no_more_than_its_share(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Connections that are only held are not to be closed for that.
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    held = [connect(port) for _ in range(8)]
    with connect(port) as more:
        assert more.recv(1000) == b""
    assert get(held[0]).endswith(b"ok")
    for connection in held:
        connection.close()
    wait_until(lambda: not connections._open, "the server has noticed that they are closed")
    with connect(port) as again:
        assert get(again).endswith(b"ok")
