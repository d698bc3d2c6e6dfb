"""Account: who is signed in, where, what programs may do in one's name, and how much of the limits is used."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import accounts, credentials, limits, people
from app.services.accounts.credentials import SessionInfo, TokenInfo
from app.services.operations import person_export
from app.services.operations.person_export import KEPT_DAYS, PersonExportStatus
from studio_ui.components.nodes import Node, action, el, facts, moment, table
from studio_ui.components.view import Content, View, reload, show
from studio_ui.formats import byte_size, counted
from studio_ui.pages.page import Page
from studio_ui.pages.sign_in_settings import build_sign_in_settings
from studio_ui.quota_words import usage_facts
from studio_ui.run_words import ACTIVE
from studio_ui.session import listen, scope_of, user_of

PURPOSE = gettext_noop(
    "Who you are here, which browsers are signed in as you, and the tokens with which programs work for you."
)
ROLE_WORDS = {
    "owner": gettext_noop("Owner"),
    "admin": gettext_noop("Administrator"),
    "member": gettext_noop("Member"),
}
SCOPE_WORDS = {"all": gettext_noop("read and change"), "read": gettext_noop("read only")}
USUAL_DAYS = 90
SECONDS_BETWEEN_LOOKS = 2.0
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
SHOWN_NAMES = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}


def build(blocks: gr.Blocks) -> None:
    """Name and limits, sessions, tokens, and a form that makes a token."""
    with gr.Column(elem_id="account-page"):
        View(describe_account, elem_id="account-facts")
        build_sign_in_settings()
        exports = View(describe_exports, lines=2, elem_id="person-exports")
        sessions = View(value={"nodes": el("h2", _("Signed-in browsers"))}, lines=0, elem_id="sessions", min_height=120)
        others = gr.Button(_("Sign out all other browsers"), elem_id="end-others")
        tokens = View(describe_tokens, elem_id="tokens")
        with gr.Column(elem_classes="card", elem_id="token-form"):
            with gr.Row(equal_height=True):
                name = gr.Textbox(label=_("What the token is for"), max_length=200, elem_id="token-name")
                scope = gr.Dropdown(
                    [(_(words), scope) for scope, words in SCOPE_WORDS.items()],
                    value="all",
                    label=_("What it may do"),
                    elem_id="token-scope",
                )
                days = gr.Number(
                    USUAL_DAYS,
                    label=_("Days until it stops working"),
                    precision=0,
                    minimum=1,
                    maximum=accounts.MAX_TOKEN_DAYS,
                    elem_id="token-days",
                )
            make = gr.Button(_("Create a token"), elem_id="token-make")
            shown = gr.Textbox(
                label=_("The token, shown only now"),
                visible=False,
                interactive=False,
                max_lines=1,
                buttons=["copy"],
                elem_id="token-shown",
            )
    listen(blocks.load, open_sessions, None, sessions, queued=False)
    listen(exports.action, start_export, None, exports)
    listen(sessions.action, end_session, None, sessions)
    listen(others.click, end_others, None, sessions)
    listen(tokens.action, revoke_token, None, tokens)
    listen(make.click, create_token, [name, scope, days], [name, shown, tokens])


def start_export(request: gr.Request, event: gr.EventData) -> Any:
    """Queue a ZIP with everything of the person."""
    person_export.start(user_of(request))
    gr.Success(_("It is being written; this page shows it when it is ready."))
    return reload()


def describe_exports(user_id: str, query: Mapping[str, str]) -> Content:
    """Everything of the person as a file: a button, what is being written, and what can be downloaded."""
    found = person_export.list_exports(user_id)
    is_active = any(export.state in ACTIVE for export in found)
    words = _(
        "A ZIP with all rows about you, your data, runs and adapters. It is kept for {days}.",
        days=counted(KEPT_DAYS, "day"),
    )
    nodes: list[Node] = [
        el("h2", _("Everything of yours")),
        el("p", words, cls="muted"),
        action(_("Being written …") if is_active else _("Export everything"), "export", disabled=is_active),
        el("ul", [_export_line(export) for export in found if export.state not in ACTIVE], cls="share-items"),
    ]
    return Content(nodes, again=SECONDS_BETWEEN_LOOKS if is_active else None)


def _export_line(export: PersonExportStatus) -> Node:
    if export.state != "succeeded":
        message = (export.error or {}).get("message") or _("It was stopped.")
        return el("li", el("span", moment(export.created_at), ": ", message))
    link = el(
        "a",
        _("Download ({size})", size=byte_size(export.bytes)),
        href=f"/api/v1/account/exports/{export.id}/file",
        download="",
        cls="button small",
    )
    return el("li", el("span", moment(export.created_at)), link)


def end_session(request: gr.Request, event: gr.EventData) -> Any:
    """Sign one browser out."""
    credentials.end_session(user_of(request), str(event.value))
    return open_sessions(request)


def end_others(request: gr.Request) -> Any:
    """Sign out all browsers but this one."""
    credentials.end_other_sessions(user_of(request), _cookie(request))
    gr.Success(_("Only this browser is signed in now."))
    return open_sessions(request)


def create_token(name: str, scope: str, days: float | None, request: gr.Request) -> tuple[Any, Any, Any]:
    """Make a token and show it once."""
    token = accounts.create_token(user_of(request), name, scope=scope, days=None if days is None else int(days))
    return "", gr.update(value=token, visible=True), reload()


def revoke_token(request: gr.Request, event: gr.EventData) -> Any:
    """Make a token worthless."""
    credentials.revoke_token(user_of(request), str(event.value))
    gr.Success(_("Revoked; programs that use it are refused from now on."))
    return reload()


def describe_account(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """Name, role and limits; the way to the people for those who manage them."""
    person, used = people.get_person(user_id), limits.usage(user_id)
    links = [
        el("a", _("People"), href="/people", cls="button"),
        el("a", _("Audit trail"), href="/audit", cls="button"),
    ]
    return [
        facts(
            [
                (_("Name"), person.name),
                (_("Role"), _(ROLE_WORDS.get(person.role, person.role))),
                *usage_facts(used),
            ]
        ),
        el(
            "div",
            el("a", _("Projects"), href="/projects", cls="button"),
            links if person.is_administrator else "",
            cls="actions",
        ),
    ]


def open_sessions(request: gr.Request) -> Any:
    """The browsers that are signed in, with this one marked."""
    return show(describe_sessions(credentials.list_sessions(user_of(request), _cookie(request))))


def _cookie(request: gr.Request) -> str:
    return str(scope_of(request).get("state", {}).get("session_cookie") or "")


def describe_sessions(found: list[SessionInfo]) -> list[Node]:
    """A table with a line for each browser."""
    heads = [(_("Browser"), ""), (_("Address"), ""), (_("Signed in"), ""), (_("Last used"), ""), ("", "")]
    rows = [_session_row(session) for session in found]
    return [el("h2", _("Signed-in browsers")), table(_("Signed-in browsers"), heads, rows, id_="sessions-table")]


def _session_row(session: SessionInfo) -> list[Node]:
    confirm = (_("Sign this browser out?"), agent_words(session.agent), _("Sign out"))
    end: Node = (
        el("span", _("this browser"), cls="muted")
        if session.here
        else action(_("Sign out"), "end", session.id, look="small stop", confirm=confirm)
    )
    return [
        agent_words(session.agent),
        session.address or "–",
        moment(session.created_at),
        moment(session.used_at),
        end,
    ]


def describe_tokens(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """The tokens that work."""
    found = credentials.list_tokens(user_id)
    words = _("A program sends a token instead of signing in. It may do what you may do, so give each program its own.")
    heads = [
        (_("Token"), ""),
        (_("May"), ""),
        (_("Created"), ""),
        (_("Last used"), ""),
        (_("Works until"), ""),
        ("", ""),
    ]
    listed = table(_("API tokens"), heads, [_token_row(token) for token in found], id_="tokens-table")
    return [
        el("h2", _("API tokens")),
        el("p", words, cls="muted"),
        listed if found else el("p", _("You have none."), cls="muted"),
    ]


def _token_row(token: TokenInfo) -> list[Node]:
    confirm = (
        _("Revoke the token {name}?", name=token.name),
        _("Programs that use it are refused at once."),
        _("Revoke"),
    )
    return [
        token.name,
        _(SCOPE_WORDS.get(token.scope, token.scope)),
        moment(token.created_at),
        moment(token.used_at) if token.used_at else _("never"),
        moment(token.expires_at, "short") if token.expires_at else _("without end"),
        action(_("Revoke"), "revoke", token.id, look="small stop", confirm=confirm),
    ]


def agent_words(agent: str) -> str:
    """Browser and system as people call them: "Firefox, Windows"."""
    browser = next((name for name in BROWSERS if f"{name}/" in agent), "")
    system = next((name for name in SYSTEMS if name in agent), "")
    words = [SHOWN_NAMES.get(name, name) for name in (browser, system) if name]
    return ", ".join(words) or agent[:40] or _("unknown")


ACCOUNT = Page(path="/account", title="Account", purpose=PURPOSE, build=build)
