"""The inference server: keeps tuned models in memory and answers with them; ``worker.inference.supervisor`` starts and ends it.

An HTTP service for the web process alone: loopback or a private network, a shared secret, adapter folders inside the data
folder only. Knows no users and no database; whoever asks has been checked by the web. It ends with its standard input.
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

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
# After the last word to its readers, before what still computes is given up.
STOP_SECONDS = 3.0
# Replies in the making at once, or more if more share a step.
MOST_REPLIES = 8


class PredictRequest(BaseModel):
    """Texts for one adapter."""

    adapter: str
    inputs: list[str] = Field(min_length=1, max_length=256)


class ChatTurn(BaseModel):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ReplyRequest(BaseModel):
    """What to answer, by which model (``adapter`` None: the untouched one), how, and who asks."""

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
        """As the engine takes it."""
        stops = tuple(each for each in self.stop if each)
        return SamplingParameters(self.max_tokens, self.temperature, self.top_p, self.seed, stops)


class Closing(BaseModel):
    """How long answers may go on before they are stopped."""

    seconds: float = Field(ge=0, le=60)


class ServerState:
    """Who is inside: open, or closing for a training; ``stopping`` says that answers are ended where they are."""

    def __init__(self) -> None:
        batch = get_settings().inference_batch
        self.most_replies = max(MOST_REPLIES, batch)
        vllm_memory = get_settings().inference_vllm_memory if get_settings().inference_vllm else 0.0
        self.residents, self.slots = ModelPool(batch, vllm_memory), ReplySlots(self.most_replies)
        self.closing = self.stopping = False
        self.inside = self.stopped = 0

    def enter(self) -> None:
        """Nobody comes in once it closes.

        Raises:
            Conflict: it closes.
        """
        if self.closing:
            raise _closed("The models that answer are making room for a training.")

    async def close(self, seconds: float) -> int:
        """Wait for the last answer, then stop the others with a word; returns how many were stopped."""
        self.closing = True
        await self._wait(seconds)
        self.stopping = True
        await self._wait(STOP_SECONDS)
        return self.stopped

    async def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.inside and time.monotonic() < deadline:
            await sleep(LOOK_SECONDS)


def create_inference() -> FastAPI:
    """The application; every route but ``/healthz`` asks for the secret."""
    api = FastAPI(title="Inference", docs_url=None, redoc_url=None, openapi_url=None)
    house = ServerState()
    residents, slots = house.residents, house.slots

    @api.exception_handler(StudioError)
    def refuse(_: Any, error: StudioError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.status)

    @api.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.post("/predict")
    def predict(question: PredictRequest, x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        house.enter()
        return {"answers": residents.classify(_inside(question.adapter), question.inputs)}

    @api.get("/status")
    def status(x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        busy = {"replies": house.most_replies - slots.free, "waiting": slots.waiting}
        return {**busy, "idle_seconds": time.monotonic() - residents.used_at, **residents.describe()}

    @api.post("/close")
    async def close(how: Closing, x_studio_secret: str = Header("")) -> dict[str, int]:
        _check_secret(x_studio_secret)
        return {"stopped": await house.close(how.seconds)}

    @api.post("/chat")
    async def chat(asked: ReplyRequest, x_studio_secret: str = Header("")) -> StreamingResponse:
        _check_secret(x_studio_secret)
        house.enter()
        folder = _inside(asked.adapter) if asked.adapter else None
        speaker = await to_thread.run_sync(residents.speaker, asked.base, folder)
        messages = [each.model_dump() for each in asked.messages]
        await to_thread.run_sync(speaker.read, messages)  # Refuses before the first byte of the answer is sent.
        return StreamingResponse(_tell(house, speaker, messages, asked), media_type="application/x-ndjson")

    return api


async def _tell(
    house: ServerState, speaker: ChatModel, messages: list[dict[str, str]], asked: ReplyRequest
) -> AsyncIterator[str]:
    """JSON lines: ``{"text"}`` for each piece, ``{"done": {...}}`` at the end; a place is held only while it computes."""
    house.inside += 1
    try:
        await house.slots.acquire(asked.asker)
        try:
            async for line in _compute(house, speaker, messages, asked):
                yield line
        finally:
            # Also when the client has gone away: whoever waits has the place.
            house.slots.release()
    finally:
        house.inside -= 1


async def _compute(
    house: ServerState, speaker: ChatModel, messages: list[dict[str, str]], asked: ReplyRequest
) -> AsyncIterator[str]:
    told = GenerationStats()
    pieces = speaker.stream(messages, asked.sampling, told)
    # Whoever waited for a place until the house began to close is told at once.
    too_late = house.closing
    try:
        while not (too_late or house.stopping) and (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            house.residents.used_at = time.monotonic()
            yield _line({"text": piece})
        if told.finish in ("", "cancelled"):
            house.stopped += 1
            yield _line(_closed("A training needs the graphics card, so this answer was stopped.").as_dict())
        else:
            yield _line({"done": told.as_dict()})
    except Exception:
        log.exception("a reply failed")
        yield _line(StudioError("reply_failed", "The model could not go on with this answer.", "Try again.").as_dict())
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(pieces.close)


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"


def _closed(what: str) -> Conflict:
    return Conflict("device_training", what, "Answers come back when it has finished; the Queue page says when.")


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
    uvicorn.Server(listen).run()


if __name__ == "__main__":
    serve()
