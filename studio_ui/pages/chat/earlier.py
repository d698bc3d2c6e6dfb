"""Earlier conversations of the person, with links and their transcripts."""

from collections.abc import Mapping
from urllib.parse import quote

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import projects
from app.services.accounts.access import TO_DELETE
from app.services.inference import conversations
from app.services.inference.conversations import ListedConversation
from studio_ui.components.nodes import Node, action, el, moment
from studio_ui.formats import counted

NONE_YET = gettext_noop(
    "None yet. What you say and what the models reply is kept here, for you and the members of the project."
)


def earlier_conversations(user_id: str, query: Mapping[str, str]) -> Node:
    """One's own conversations and those of colleagues in one's projects, newest first; open unless one of them is shown."""
    found = conversations.list_conversations(user_id, projects.chosen(user_id))
    deletable = conversations.permitted(user_id, TO_DELETE)
    listed = (
        el("ul", [_item(item, item.id in deletable) for item in found], cls="chat-list")
        if found
        else el("p", _(NONE_YET), cls="muted")
    )
    return el(
        "details", el("summary", _("Earlier conversations")), listed, cls="chat-details", open=not query.get("id")
    )


def _item(talk: ListedConversation, deletable: bool) -> Node:
    title = talk.title or _("Conversation")
    confirm = (
        _("Delete this conversation?"),
        _("“{title}” and all its replies are deleted for good.", title=title),
        _("Delete"),
    )
    return el(
        "li",
        el("a", title, href=f"/chat?id={quote(talk.id)}"),
        el("span", _("by {name}, ", name=talk.author), cls="muted small") if talk.author else None,
        el("span", f"{counted(talk.questions, 'question')}, ", moment(talk.created_at), cls="muted small"),
        el(
            "a",
            _("Transcript"),
            href=f"/api/v1/conversations/{quote(talk.id)}/transcript",
            download=True,
            cls="link small",
        ),
        action("×", "forget", talk.id, cls="remove", confirm=confirm, aria_label=_("Delete “{title}”", title=title))
        if deletable
        else None,
        data_id=talk.id,
    )
