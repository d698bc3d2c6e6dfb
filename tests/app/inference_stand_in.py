"""A stand-in for the inference server on loopback: it speaks its protocol, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY

# (path, body) -> (status, content); a list of contents is sent as JSON lines.
Reply = Callable[[str, dict[str, Any]], tuple[int, Any]]


class StandIn:
    """``reply`` decides what is answered."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[dict[str, Any]] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(200, {"status": "ok"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.asked.append({"secret": self.headers["x-studio-secret"], **body})
                self._say(*server.reply(self.path, body))

            def _say(self, status: int, content: Any) -> None:
                lines = content if isinstance(content, list) else [content]
                body = "\n".join(json.dumps(line) for line in lines).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        return Handler


@contextmanager
def inference_stand_in(reply: Reply) -> Iterator[StandIn]:
    """A registered server that is ready."""
    server = StandIn(reply)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), server.handler())
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    inference_servers.register("host:1", f"http://127.0.0.1:{listener.server_port}", "")
    inference_servers.beat("host:1", READY, {})
    yield server
    listener.shutdown()
    listener.server_close()
