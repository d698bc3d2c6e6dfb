"""Routes of the chat playground: conversations that are kept, replies as streams, transcripts, saved prompts."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from app.api.chat import NDJSON, UNBUFFERED, SamplingFields
from app.api.deps import UserId
from app.api.schemas import Body
from app.services.inference import conversations, prompt_suites, replies

router = APIRouter(prefix="/api/v1", tags=["chat"])

Pane = Annotated[int, Path(ge=0, lt=conversations.MAX_PANES)]
ModelName = Annotated[str, Field(min_length=1, max_length=200)]


class ConversationBody(Body):
    """Models, system prompt and sampling parameters of a conversation."""

    models: list[ModelName] = Field(min_length=1, max_length=conversations.MAX_PANES)
    system: str = ""
    sampling: SamplingFields = Field(default_factory=SamplingFields)


class TextBody(Body):
    """A message of the user."""

    text: str


class SuiteBody(Body):
    """Prompts to keep."""

    name: str
    prompts: list[str]


@router.get("/conversations")
def list_all(user_id: UserId, project: Annotated[str, Query(max_length=100)] = "") -> dict[str, Any]:
    """One's own conversations and those of one's projects, or of one ``project``, newest first."""
    found = conversations.list_conversations(user_id, project)
    return {"conversations": [listed.as_dict() for listed in found]}


@router.post("/conversations", status_code=201)
def start(user_id: UserId, body: ConversationBody) -> dict[str, Any]:
    """A new conversation."""
    return conversations.start(user_id, body.models, body.system, body.sampling.model_dump()).as_dict()


@router.get("/conversations/{conversation_id}")
def read(user_id: UserId, conversation_id: str) -> dict[str, Any]:
    """The conversation with its messages."""
    return conversations.read(user_id, conversation_id).as_dict()


@router.put("/conversations/{conversation_id}")
def change(user_id: UserId, conversation_id: str, body: ConversationBody) -> dict[str, Any]:
    """Other models or settings from the next question on."""
    sampling = body.sampling.model_dump()
    return conversations.change(user_id, conversation_id, body.models, body.system, sampling).as_dict()


@router.delete("/conversations/{conversation_id}", status_code=204)
def remove(user_id: UserId, conversation_id: str) -> None:
    """Delete it."""
    conversations.remove(user_id, conversation_id)


@router.post("/conversations/{conversation_id}/messages", status_code=201)
def ask(user_id: UserId, conversation_id: str, body: TextBody) -> dict[str, Any]:
    """A question for all panes; replies are asked for pane by pane."""
    return conversations.ask(user_id, conversation_id, body.text).as_dict()


@router.post("/conversations/{conversation_id}/panes/{pane}/reply")
async def reply(user_id: UserId, conversation_id: str, pane: Pane, body: SamplingFields) -> StreamingResponse:
    """The pane's reply to the newest question as JSON lines; what was generated is stored, also when the client disconnects.

    Asking again replaces the pane's earlier reply.
    """
    events = await replies.open_stored_reply(user_id, conversation_id, pane, body.sampling)

    async def lines() -> AsyncIterator[str]:
        try:
            async for event in events:
                yield json.dumps(event, ensure_ascii=False) + "\n"
        finally:
            await events.aclose()

    return StreamingResponse(lines(), media_type=NDJSON, headers=UNBUFFERED)


@router.get("/conversations/{conversation_id}/transcript")
def transcript(user_id: UserId, conversation_id: str) -> Response:
    """The conversation as a Markdown file."""
    title = re.sub(r"[^A-Za-z0-9]+", "-", conversations.read(user_id, conversation_id).title).strip("-").lower()
    name = {"Content-Disposition": f'attachment; filename="{title or "conversation"}.md"'}
    return Response(conversations.transcript(user_id, conversation_id), media_type="text/markdown", headers=name)


@router.get("/suites")
def list_suites(user_id: UserId) -> dict[str, Any]:
    """One's own saved prompts."""
    return {"suites": [suite.as_dict() for suite in prompt_suites.list_suites(user_id)]}


@router.post("/suites", status_code=201)
def save_suite(user_id: UserId, body: SuiteBody) -> dict[str, Any]:
    """Keep prompts under a name."""
    return prompt_suites.save(user_id, body.name, body.prompts).as_dict()


@router.delete("/suites/{suite_id}", status_code=204)
def remove_suite(user_id: UserId, suite_id: str) -> None:
    """Delete saved prompts."""
    prompt_suites.remove(user_id, suite_id)
