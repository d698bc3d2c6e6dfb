"""The inference server: keeps tuned models in memory and answers with them. ``python -m worker.inference``.

An HTTP service for the web process alone: loopback or a private network, a shared secret, adapter folders inside the data
folder only. Knows no users; whoever asks has been checked by the web.
"""

import hmac
import json
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import uvicorn
from anyio import CancelScope, to_thread
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from app import manifest, storage
from app.errors import NotFound, NotSignedIn, StudioError
from app.settings import get_settings
from worker.engine.chat import Sampling, Speaker, Told
from worker.residents import Residents
from worker.slots import Slots

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
# Replies in the making at once; each computes one token in its turn.
MOST_REPLIES = 8


class Question(BaseModel):
    """Texts for one adapter."""

    adapter: str
    inputs: list[str] = Field(min_length=1, max_length=256)


class Message(BaseModel):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Conversation(BaseModel):
    """What to answer, by which model (``adapter`` None: the untouched one), how, and who asks."""

    base: str
    adapter: str | None = None
    messages: list[Message] = Field(min_length=1, max_length=200)
    max_tokens: int = Field(256, ge=1, le=4096)
    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    stop: list[str] = Field(default_factory=list, max_length=4)
    asker: str = ""

    @property
    def sampling(self) -> Sampling:
        """As the engine takes it."""
        stops = tuple(each for each in self.stop if each)
        return Sampling(self.max_tokens, self.temperature, self.top_p, self.seed, stops)


def create_inference() -> FastAPI:
    """The application; every route but ``/healthz`` asks for the secret."""
    api = FastAPI(title="Inference", docs_url=None, redoc_url=None, openapi_url=None)
    residents, slots = Residents(), Slots(MOST_REPLIES)
    api.state.residents = residents

    @api.exception_handler(StudioError)
    def refuse(_: Any, error: StudioError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.status)

    @api.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.post("/predict")
    def predict(question: Question, x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        return {"answers": residents.classify(_inside(question.adapter), question.inputs)}

    @api.get("/status")
    def status(x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        return {"replies": MOST_REPLIES - slots.free, "waiting": slots.waiting, "models": residents.count()}

    @api.post("/chat")
    async def chat(asked: Conversation, x_studio_secret: str = Header("")) -> StreamingResponse:
        _check_secret(x_studio_secret)
        folder = _inside(asked.adapter) if asked.adapter else None
        speaker = await to_thread.run_sync(residents.speaker, asked.base, folder)
        messages = [each.model_dump() for each in asked.messages]
        await to_thread.run_sync(speaker.read, messages)  # Refuses before the first byte of the answer is sent.
        return StreamingResponse(_tell(residents, slots, speaker, messages, asked), media_type="application/x-ndjson")

    return api


async def _tell(
    residents: Residents, slots: Slots, speaker: Speaker, messages: list[dict[str, str]], asked: Conversation
) -> AsyncIterator[str]:
    """JSON lines: ``{"text"}`` for each piece, ``{"done": {...}}`` at the end; a place is held only while it computes."""
    await slots.acquire(asked.asker)
    told = Told()
    pieces = speaker.stream(messages, asked.sampling, told)
    try:
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            residents.used_at = time.monotonic()
            yield json.dumps({"text": piece}, ensure_ascii=False) + "\n"
        yield json.dumps({"done": told.as_dict()}) + "\n"
    except Exception:
        log.exception("a reply failed")
        failure = StudioError("reply_failed", "The model could not go on with this answer.", "Try again.")
        yield json.dumps({"error": failure.as_dict()["error"]}) + "\n"
    finally:
        # Also when the client has gone away: the work stops, and whoever waits has the place.
        with CancelScope(shield=True):
            await to_thread.run_sync(pieces.close)
        slots.release()


def _check_secret(given: str) -> None:
    secret = get_settings().inference_secret
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise NotSignedIn("secret", "The inference server was asked without its secret.", "Ask through the studio.")


def _inside(adapter: str) -> Path:
    """The folder, if it lies inside the data folder and is complete."""
    folder = Path(adapter).resolve()
    if not folder.is_relative_to(storage.data_dir().resolve()) or not (folder / manifest.NAME).is_file():
        raise NotFound("adapter_not_found", "There is no such adapter.", "Open the run and look at its files.")
    return folder


def serve(idle_seconds: float = 0.0) -> None:
    """Listen where ``STUDIO_INFERENCE_URL`` says; ends by itself after ``idle_seconds`` without a question, if given."""
    address = urlsplit(get_settings().inference_url)
    if not get_settings().inference_secret:
        print("STUDIO_INFERENCE_SECRET is empty; set one, the same for web and inference.", file=sys.stderr)
        raise SystemExit(2)
    api = create_inference()
    host = get_settings().inference_host or address.hostname or "127.0.0.1"
    server = uvicorn.Server(uvicorn.Config(api, host=host, port=address.port or 7861, log_level="warning"))
    if idle_seconds:
        _end_when_idle(api.state.residents, idle_seconds, lambda: setattr(server, "should_exit", True))
    server.run()


def _end_when_idle(residents: Residents, idle_seconds: float, end: Callable[[], None]) -> None:
    def watch() -> None:
        while time.monotonic() - residents.used_at < idle_seconds:
            time.sleep(LOOK_SECONDS)
        end()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    serve()
