"""A server in the place of the inference server: replies word by word, and knows whether somebody still listens."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY
from tests.factories import stay_alive

DONE = {"finish": "stop", "prompt_tokens": 7, "first_token_seconds": 0.25, "tokens_per_second": 40.4}
SECONDS_BETWEEN_WORDS = 0.02
# An endless reply goes on slowly after so many words: a browser on a busy machine could not keep up with drawing it.
SWIFT_WORDS, SECONDS_AFTER_THEM = 20, 0.5


@dataclass
class Standin:
    """What was asked, and how many replies were left by their listener.

    A question with the word ``endless`` is answered until nobody listens any more.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ending: threading.Event = field(default_factory=threading.Event)
    predict: Callable[[dict[str, Any]], list[dict[str, Any]]] = lambda body: []

    def words(self, body: dict[str, Any]) -> Iterator[str]:
        """The reply of a model: its name and what was said."""
        question = body["messages"][-1]["content"]
        name = "tuned" if body["adapter"] else "base"
        yield from f"{name} {len(self.asked)} heard: {question}".split(" ")
        while "endless" in question:
            yield "and"


@contextmanager
def standin_server() -> Iterator[Standin]:
    """Serve until the end of the block, registered as a ready inference server."""
    standin = Standin()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            standin.asked.append(body)
            self.send_response(200)
            self.end_headers()
            if self.path == "/predict":
                self.wfile.write(json.dumps({"answers": standin.predict(body)}).encode())
                return
            try:
                self.write_reply(body)
            except OSError:
                standin.left.release()

        def write_reply(self, body: dict[str, Any]) -> None:
            number = 0
            for number, word in enumerate(standin.words(body), 1):
                self.wfile.write(json.dumps({"text": f" {word}" if number > 1 else word}).encode() + b"\n")
                if standin.ending.wait(SECONDS_BETWEEN_WORDS if number < SWIFT_WORDS else SECONDS_AFTER_THEM):
                    return
            self.wfile.write(json.dumps({"done": {**DONE, "completion_tokens": number}}).encode() + b"\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    inference_servers.register("standin:1", f"http://127.0.0.1:{server.server_port}", "")
    inference_servers.beat("standin:1", READY, {})
    stay_alive()
    yield standin
    standin.ending.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
