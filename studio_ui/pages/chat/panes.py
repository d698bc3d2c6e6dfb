"""What a pane of the chat shows: questions, replies with their reasoning and tool calls, and the facts of each reply."""

import json
import re
from collections.abc import Sequence
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.inference.chat import ListedChatTarget
from app.services.inference.conversations import MessageRecord
from studio_ui.components.nodes import Node, el
from studio_ui.formats import counted

# A message as `gr.Chatbot` takes it.
Shown = dict[str, Any]

ENDS = {
    "length": gettext_noop("cut at the longest length"),
    "cancelled": gettext_noop("stopped"),
    "failed": gettext_noop("failed"),
}
BADGES = {"base": gettext_noop("base model"), "checkpoint": gettext_noop("checkpoint")}
AGAIN = {"value": "again", "label": gettext_noop("Ask for the reply")}
LOADING = gettext_noop("The first reply of a model takes a few seconds, because it is loaded.")
# Parts of a reply that are not addressed to the person, as the templates of the base models write them.
ASIDES = re.compile(r"<(think|tool_call)>(.*?)(?:</\1>|$)", re.DOTALL)
ASIDE_TITLES = {"think": gettext_noop("Reasoning"), "tool_call": gettext_noop("Tool call")}


def messages_of(records: Sequence[MessageRecord], pane: int) -> list[Shown]:
    """The conversation as one pane shows it."""
    shown: list[Shown] = []
    answered = True
    for record in records:
        if record.replaced:
            continue
        if record.pane is None:
            shown.append(message_of("user", record.content))
            answered = False
        elif record.pane == pane:
            shown += [*reply_of(record.content), facts_of(record.data)]
            answered = True
    if not answered:
        # The page may have been closed before the reply came.
        shown.append(
            {**message_of("assistant", _("No reply came.")), "options": [{**AGAIN, "label": _(AGAIN["label"])}]}
        )
    return shown


def votes_of(records: Sequence[MessageRecord], pane: int) -> list[str | None]:
    """The person's votes on the replies of a pane, in Gradio's words."""
    words = {"up": "Like", "down": "Dislike"}
    replies = [record for record in records if record.pane == pane and not record.replaced]
    return [words.get(record.data.get("vote") or "") for record in replies]


def message_of(role: str, text: str, title: str = "", status: str = "") -> Shown:
    """One message; with a title it is shown as an aside that opens, closed if its status is ``done``."""
    message: Shown = {"role": role, "content": [{"type": "text", "text": text}]}
    if title:
        message["metadata"] = {"title": title, **({"status": status} if status else {})}
    return message


def reply_of(text: str) -> list[Shown]:
    """A reply, its reasoning and tool calls as asides."""
    shown: list[Shown] = []
    place = 0
    for found in ASIDES.finditer(text):
        shown += _spoken(text[place : found.start()])
        shown.append(message_of("assistant", found[2].strip(), _(ASIDE_TITLES[found[1]]), "done"))
        place = found.end()
    shown += _spoken(text[place:])
    return shown or [message_of("assistant", _("(an empty reply)"))]


def _spoken(text: str) -> list[Shown]:
    return [message_of("assistant", text)] if text.strip() else []


def facts_of(data: dict[str, Any]) -> Shown:
    """Length, speed, end and fingerprint of a reply in one line; everything that is known of it when opened."""
    if "message" in data:
        return failure(data)
    words = []
    if data.get("completion_tokens") is not None:
        words.append(counted(data["completion_tokens"], "token"))
    if data.get("first_token_seconds"):
        words.append(_("first after {milliseconds} ms", milliseconds=f"{data['first_token_seconds'] * 1000:.0f}"))
    if data.get("tokens_per_second"):
        words.append(_("{speed} tokens/s", speed=f"{data['tokens_per_second']:.0f}"))
    if data.get("finish") in ENDS:
        words.append(_(ENDS[data["finish"]]))
    if data.get("adapter_sha256"):
        words.append(_("adapter {fingerprint}", fingerprint=data["adapter_sha256"][:8]))
    details = {key: value for key, value in data.items() if value not in (None, "", [])}
    lines = "\n".join(
        f"{key.replace('_', ' ')}: {value if isinstance(value, str) else json.dumps(value)}"
        for key, value in details.items()
    )
    return message_of("assistant", lines, " · ".join(words) or _("Facts"), "done")


def failure(error: dict[str, Any]) -> Shown:
    """A reply that failed: what happened and what to do."""
    return message_of("assistant", f"{error['message']} {error.get('hint', '')}".strip(), _("⚠ failed"))


def heading(target: ListedChatTarget, hidden_as: str = "") -> Node:
    """The name of the model of a pane; ``hidden_as`` is shown instead while the person votes blindly."""
    badge = "" if hidden_as else _(BADGES.get(target.kind, ""))
    return el("h2", hidden_as or target.name, el("span", badge, cls="badge") if badge else None)
