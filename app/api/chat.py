"""Chat: ``POST /v1/chat/completions`` and ``GET /v1/models`` as OpenAI's clients expect them, and a plain stream for pages."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field, field_validator
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.api.deps import UserId
from app.api.schemas import Body
from app.services.inference import chat, replies
from app.services.inference.chat import ListedChatTarget, SamplingSettings

router = APIRouter(tags=["chat"])

NDJSON, EVENTS = "application/x-ndjson", "text/event-stream"
# A reverse proxy must not buffer the stream.
UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
FINISH = {"stop": "stop", "length": "length", "cancelled": "stop"}


class MessageText(Body):
    """A part of a message; only text is read."""

    type: Literal["text"]
    text: str


class Message(Body):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[MessageText]
    name: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Role and plain text; ``developer`` is what newer clients call ``system``."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class SamplingFields(Body):
    """Sampling parameters of a reply."""

    max_tokens: int | None = Field(None, ge=1, le=4096)
    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    stop: list[str] = Field(default_factory=list, max_length=4)

    @field_validator("stop", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value or []

    @property
    def sampling(self) -> SamplingSettings:
        """As the service takes it."""
        return SamplingSettings(self.max_tokens or 256, self.temperature, self.top_p, self.seed, tuple(self.stop))


class ChatBody(SamplingFields):
    """A conversation for one model."""

    model: str = Field(min_length=1, max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=200)


class StreamOptions(Body):
    """Whether the last event reports the number of tokens."""

    include_usage: bool = False


class CompletionBody(ChatBody):
    """OpenAI's request, as far as it can be met; anything else is refused, not ignored. ``user`` is taken and not used."""

    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    max_completion_tokens: int | None = Field(None, ge=1, le=4096)
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def sampling(self) -> SamplingSettings:
        """As the service takes it; the newer name of the limit counts first."""
        max_tokens = self.max_completion_tokens or self.max_tokens or 256
        return SamplingSettings(max_tokens, self.temperature, self.top_p, self.seed, tuple(self.stop))


@router.get("/v1/models")
def list_models(user_id: UserId) -> dict[str, Any]:
    """Generative base models, own finished runs and kept checkpoints: ``base:<name>``, ``<run>`` or ``<run>@<step>``."""
    data = [
        {"id": target.id, "object": "model", "created": int(target.created_at), "owned_by": "studio", **_extra(target)}
        for target in chat.list_chat_targets(user_id)
    ]
    return {"object": "list", "data": data}


@router.post("/v1/chat/completions")
async def complete(user_id: UserId, body: CompletionBody) -> Response:
    """One reply, whole or as server-sent events."""
    target, events = await replies.open_reply(
        user_id, body.model, [message.as_dict() for message in body.messages], body.sampling
    )
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": target.model}
    if body.stream:
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(_events(head, events, usage), media_type=EVENTS, headers=UNBUFFERED)
    text = ""
    done: dict[str, Any] = {}
    async for event in events:
        text += event.get("text", "")
        done = event.get("done", done)
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": FINISH[done["finish"]], "logprobs": None}
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": _usage(done)})


@router.post("/api/v1/chat")
async def talk(user_id: UserId, body: ChatBody) -> StreamingResponse:
    """One reply as JSON lines: ``{"text"}`` for each piece, then ``{"done"}`` or ``{"error"}``. Nothing is stored."""
    _target, events = await replies.open_reply(
        user_id, body.model, [message.as_dict() for message in body.messages], body.sampling
    )

    async def lines() -> AsyncIterator[str]:
        async for event in replies.with_error_event(events):
            yield json.dumps(event, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type=NDJSON, headers=UNBUFFERED)


async def _events(head: dict[str, Any], events: AsyncIterator[dict[str, Any]], usage: bool) -> AsyncIterator[str]:
    chunk = {**head, "object": "chat.completion.chunk"}
    yield _event({**chunk, "choices": [_choice({"role": "assistant", "content": ""})]})
    async for event in replies.with_error_event(events):
        if "text" in event:
            yield _event({**chunk, "choices": [_choice({"content": event["text"]})]})
        elif "done" in event:
            yield _event({**chunk, "choices": [_choice({}, FINISH[event["done"]["finish"]])]})
            if usage:
                yield _event({**chunk, "choices": [], "usage": _usage(event["done"])})
        else:
            yield _event(event)
    yield "data: [DONE]\n\n"


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}


def _event(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _usage(done: dict[str, Any]) -> dict[str, int]:
    read, written = done["prompt_tokens"], done["completion_tokens"]
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _extra(target: ListedChatTarget) -> dict[str, Any]:
    return {"kind": target.kind, "name": target.name, "base": target.base, "system": target.system}
