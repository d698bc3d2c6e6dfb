"""The inference server: loaded models behind HTTP; ``worker.inference.supervisor`` starts and ends it.

A service for the web process alone: loopback or a private network, a shared secret, adapter folders inside the data folder
only. It has no database: the web process has checked who asks. It ends when its standard input ends.
"""

import hmac
import json
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from app.processes import garbage_collection

if __name__ == "__main__":
    garbage_collection.pause()

import uvicorn
from anyio import CancelScope, sleep, to_thread
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from app import logs, manifest, storage
from app.errors import Conflict, NotFound, NotSignedIn, StudioError
from app.processes.parent import on_parent_exit
from app.settings import get_settings
from worker.engine.serving.chat_model import ChatModel, GenerationStats
from worker.engine.serving.sampler import SamplingParameters
from worker.inference.model_pool import ModelPool
from worker.inference.reply_slots import ReplySlots
from worker.inference.status import ServerStatus

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
# For stopped replies to send their last line, before the server ends.
STOP_SECONDS = 3.0
# Replies that are generated at once, or more if more share a step.
MAX_REPLIES = 8


class PredictRequest(BaseModel):
    """Texts, or pairs of texts, for one adapter."""

    adapter: str
    inputs: list[str | tuple[str, str]] = Field(min_length=1, max_length=256)


class ChatTurn(BaseModel):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ReplyRequest(BaseModel):
    """A conversation, the model to reply (``adapter`` None: the base model), sampling, and for whom."""

    base: str
    adapter: str | None = None
    messages: list[ChatTurn] = Field(min_length=1, max_length=200)
    max_tokens: int = Field(256, ge=1, le=4096)
    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    stop: list[str] = Field(default_factory=list, max_length=4)
    asker: str = ""

    @property
    def sampling(self) -> SamplingParameters:
        """The same for the engine."""
        stops = tuple(stop for stop in self.stop if stop)
        return SamplingParameters(self.max_tokens, self.temperature, self.top_p, self.seed, stops)


class CloseRequest(BaseModel):
    """How long replies may go on before they are stopped."""

    seconds: float = Field(ge=0, le=60)


class ServerState:
    """Replies in progress, and whether the server is closing; ``stopping`` says that replies are cut off."""

    def __init__(self) -> None:
        batch = get_settings().inference_batch
        self.max_replies = max(MAX_REPLIES, batch)
        vllm_memory = get_settings().inference_vllm_memory if get_settings().inference_vllm else 0.0
        self.pool, self.slots = ModelPool(batch, vllm_memory), ReplySlots(self.max_replies)
        self.closing = self.stopping = False
        self.active = self.stopped = 0

    def require_open(self) -> None:
        """Refuse a new request once the server is closing.

        Raises:
            Conflict: it is.
        """
        if self.closing:
            raise _closed("The models that answer are making room for a training.")

    async def close(self, seconds: float) -> int:
        """Wait for the replies in progress, then stop those that remain; returns how many were stopped."""
        self.closing = True
        await self._wait(seconds)
        self.stopping = True
        await self._wait(STOP_SECONDS)
        return self.stopped

    async def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.active and time.monotonic() < deadline:
            await sleep(POLL_SECONDS)


def create_inference() -> FastAPI:
    """The application; every route but ``/healthz`` asks for the secret."""
    api = FastAPI(title="Inference", docs_url=None, redoc_url=None, openapi_url=None)
    state = ServerState()
    pool, slots = state.pool, state.slots

    @api.exception_handler(StudioError)
    def refuse(_: Any, error: StudioError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.status)

    @api.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.post("/predict")
    def predict(request: PredictRequest, x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        state.require_open()
        return {"answers": pool.classify(_checked_folder(request.adapter), request.inputs)}

    @api.get("/status")
    def status(x_studio_secret: str = Header("")) -> ServerStatus:
        _check_secret(x_studio_secret)
        return ServerStatus(
            replies=state.max_replies - slots.free,
            waiting=slots.waiting,
            idle_seconds=time.monotonic() - pool.used_at,
            **pool.status().model_dump(),
        )

    @api.post("/close")
    async def close(request: CloseRequest, x_studio_secret: str = Header("")) -> dict[str, int]:
        _check_secret(x_studio_secret)
        return {"stopped": await state.close(request.seconds)}

    @api.post("/chat")
    async def chat(request: ReplyRequest, x_studio_secret: str = Header("")) -> StreamingResponse:
        _check_secret(x_studio_secret)
        state.require_open()
        folder = _checked_folder(request.adapter) if request.adapter else None
        model = await to_thread.run_sync(pool.chat_model, request.base, folder)
        messages = [turn.model_dump() for turn in request.messages]
        await to_thread.run_sync(model.tokenize, messages)  # Refuses before the first byte of the reply is sent.
        return StreamingResponse(_stream(state, model, messages, request), media_type="application/x-ndjson")

    return api


async def _stream(
    state: ServerState, model: ChatModel, messages: list[dict[str, str]], request: ReplyRequest
) -> AsyncIterator[str]:
    """JSON lines: ``{"text"}`` for each piece, ``{"done": {...}}`` at the end; a slot is held only during generation."""
    state.active += 1
    try:
        await state.slots.acquire(request.asker)
        try:
            async for line in _generate(state, model, messages, request):
                yield line
        finally:
            # Also when the client has disconnected, so that the next in line gets the slot.
            state.slots.release()
    finally:
        state.active -= 1


async def _generate(
    state: ServerState, model: ChatModel, messages: list[dict[str, str]], request: ReplyRequest
) -> AsyncIterator[str]:
    stats = GenerationStats()
    pieces = model.stream(messages, request.sampling, stats)
    # A reply that got its slot only after closing began is not started.
    too_late = state.closing
    try:
        while not (too_late or state.stopping) and (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            state.pool.used_at = time.monotonic()
            yield _line({"text": piece})
        if stats.finish in ("", "cancelled"):
            state.stopped += 1
            yield _line(_closed("A training needs the graphics card, so this answer was stopped.").as_dict())
        else:
            yield _line({"done": stats.as_dict()})
    except Exception:
        log.exception("a reply failed")
        yield _line(StudioError("reply_failed", "The model could not go on with this answer.", "Try again.").as_dict())
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(pieces.close)


def _line(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False) + "\n"


def _closed(message: str) -> Conflict:
    return Conflict("device_training", message, "Answers come back when it has finished; the Queue page says when.")


def _check_secret(given: str) -> None:
    secret = get_settings().inference_secret
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise NotSignedIn("secret", "The inference server was asked without its secret.", "Ask through the studio.")


def _checked_folder(adapter: str) -> Path:
    """The adapter's folder.

    Raises:
        NotFound: it lies outside the data folder or is not complete.
    """
    folder = Path(adapter).resolve()
    if not folder.is_relative_to(storage.data_dir().resolve()) or not (folder / manifest.NAME).is_file():
        raise NotFound("adapter_not_found", "There is no such adapter.", "Open the run and look at its files.")
    return folder


def serve() -> None:
    """Listen where ``STUDIO_INFERENCE_URL`` says, until the standard input ends."""
    logs.set_up("inference")
    settings = get_settings()
    address = urlsplit(settings.inference_url)
    if not settings.inference_secret:
        print("STUDIO_INFERENCE_SECRET is empty; set one, the same for web and inference.", file=sys.stderr)
        raise SystemExit(2)
    host = settings.inference_host or address.hostname or "127.0.0.1"
    listen = uvicorn.Config(
        create_inference(), host=host, port=address.port or 7861, log_level="warning", timeout_graceful_shutdown=1
    )
    on_parent_exit(lambda: os.kill(os.getpid(), signal.SIGTERM))
    garbage_collection.resume()
    uvicorn.Server(listen).run()


if __name__ == "__main__":
    serve()
