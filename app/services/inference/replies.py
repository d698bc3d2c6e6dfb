"""Replies as they are generated: opening one, and storing a pane's reply when it ends in whichever way."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from anyio import CancelScope, to_thread

from app.errors import Rejected, StudioError
from app.languages import gettext as _
from app.services.inference import chat, conversations, inference_client
from app.services.inference.chat import ChatTarget, Messages, SamplingSettings

Events = AsyncIterator[dict[str, Any]]


async def open_reply(
    user_id: str, model: str, messages: Messages, sampling: SamplingSettings
) -> tuple[ChatTarget, Events]:
    """The model and its reply as events; refusals are raised here, before the first piece.

    Raises:
        StudioError: no question, no such model, or nobody who could answer.
    """
    if not any(message["role"] == "user" for message in messages):
        raise Rejected("no_question", _("The conversation has no message of a user."), _("Add one."))
    target = await to_thread.run_sync(chat.find_chat_target, user_id, model)
    server = await to_thread.run_sync(inference_client.wake)
    events = chat.stream_reply(server, target, messages, sampling, user_id)
    first = await anext(events)

    async def with_first() -> Events:
        try:
            yield first
            async for event in events:
                yield event
        finally:
            await events.aclose()

    return target, with_first()


async def with_error_event(events: Events) -> Events:
    """The same events; a failure in the middle becomes a last event with the error."""
    try:
        async for event in events:
            yield event
    except StudioError as error:
        yield error.as_dict()


async def open_stored_reply(
    user_id: str, conversation_id: str, pane: int, sampling: SamplingSettings
) -> AsyncGenerator[dict[str, Any], None]:
    """A pane's reply to the newest question; what was generated is stored, also when the stream is closed before its end.

    Asking again replaces the pane's earlier reply.

    Raises:
        StudioError: as :func:`open_reply`; the conversation is not theirs; nothing has been asked.
    """
    models = (await to_thread.run_sync(conversations.read, user_id, conversation_id)).models
    messages = await to_thread.run_sync(conversations.history, user_id, conversation_id, pane)
    target, events = await open_reply(user_id, models[min(pane, len(models) - 1)], messages, sampling)
    return _stored(user_id, conversation_id, pane, target, sampling, with_error_event(events))


async def _stored(
    user_id: str, conversation_id: str, pane: int, target: ChatTarget, sampling: SamplingSettings, events: Events
) -> AsyncGenerator[dict[str, Any], None]:
    text, done = "", {"finish": "cancelled"}
    try:
        async for event in events:
            text += event.get("text", "")
            done = event.get("done", {"finish": "failed", **event["error"]} if "error" in event else done)
            yield event
    finally:
        data = {
            "model": target.model,
            "name": target.name,
            "adapter_sha256": target.adapter_sha256,
            **done,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "max_tokens": sampling.max_tokens,
        }
        with CancelScope(shield=True):
            await to_thread.run_sync(conversations.keep_reply, user_id, conversation_id, pane, text, data)
