"""People: who has an account, inviting others, roles, and shutting somebody out; for administrators."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import people, quotas
from app.services.accounts.accounts import ADMINISTRATOR, MEMBER, OWNER
from app.services.accounts.people import INVITATION_DAYS, Person
from app.services.operations import person_removal
from studio_ui.components.nodes import Node, action, el, moment, table
from studio_ui.components.view import View, reload, show
from studio_ui.formats import count, counted
from studio_ui.pages.account import ROLE_WORDS
from studio_ui.pages.compare_share import address_for_others, loopback_warning
from studio_ui.pages.page import Page
from studio_ui.quota_form import QUOTA, quota_button, quota_form, read_bounds
from studio_ui.session import listen, user_of

PURPOSE = gettext_noop(
    "Who works in this studio. Administrators invite people, change what they may do, and shut them out."
)


def build(blocks: gr.Blocks) -> None:
    """The list, and a form that invites."""
    with gr.Column(elem_id="people-page"):
        listed = View(describe_people, elem_id="people")
        with gr.Column(elem_classes="card", elem_id="invite-form"):
            View(invite_words, lines=1)
            with gr.Row(equal_height=True):
                name = gr.Textbox(label=_("Name"), max_length=200, elem_id="invite-name")
                role = gr.Dropdown(
                    [(_(ROLE_WORDS[role]), role) for role in people.ROLES],
                    value=MEMBER,
                    label=_("Role"),
                    elem_id="invite-role",
                )
            start = gr.Button(_("Invite"), variant="primary", elem_id="invite-start")
            link = gr.Textbox(
                label=_("Sign-in link for this person, shown only now"),
                visible=False,
                interactive=False,
                max_lines=1,
                buttons=["copy"],
                elem_id="invite-link",
            )
            warning = View(lines=0, elem_id="invite-warning")
    for event in (start.click, name.submit):
        listen(event, invite, [name, role], [name, link, warning, listed])
    listen(listed.action, change, None, [link, warning, listed])
    listen(listed.action, keep_quota, None, listed)


def invite(name: str, role: str, request: gr.Request) -> tuple[Any, Any, Any, Any]:
    """Add a person and show their link once."""
    _person, token = people.invite(user_of(request), name, role)
    return "", *_shown_link(request, token), reload()


def change(request: gr.Request, event: gr.EventData) -> tuple[Any, Any, Any]:
    """What a button of the list does."""
    if event.name == "quota":
        return gr.skip(), gr.skip(), gr.skip()
    user_id, person_id = user_of(request), str(event.value)
    if event.name == "link":
        return *_shown_link(request, people.create_link(user_id, person_id)), reload()
    if event.name == "reset-password":
        return *_shown_link(request, people.reset_password(user_id, person_id)), reload()
    if event.name == "reset-second-factor":
        people.reset_second_factor(user_id, person_id)
        gr.Success(_("Removed; no code is asked for until this person sets up another authenticator."))
    elif event.name == "delete":
        name = people.get_person(person_id).name
        person_removal.remove_person(user_id, person_id, name)
        gr.Success(_("{name} and everything of theirs is deleted.", name=name))
    elif event.name == "sign-out":
        people.sign_out_everywhere(user_id, person_id)
        gr.Success(_("Signed out everywhere; tokens and unused links no longer work."))
    elif event.name in ("disable", "enable"):
        people.change_person(user_id, person_id, active=event.name == "enable")
    else:
        people.change_person(user_id, person_id, role=str(event.name))
    return gr.skip(), gr.skip(), reload()


def keep_quota(request: gr.Request, event: gr.EventData) -> Any:
    """Store the limits of a person; other actions of the list are not for it."""
    if event.name != "quota":
        return gr.skip()
    values = dict(event.value)
    quotas.set_person_quota(user_of(request), str(values["holder"]), read_bounds(values))
    gr.Success(_("Saved."))
    return reload()


def _shown_link(request: gr.Request, token: str) -> tuple[Any, Any]:
    origin = address_for_others(request.headers.get("origin", ""))
    return gr.update(value=f"{origin}/sign-in?token={token}", visible=True), show(loopback_warning(origin))


def invite_words(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """What an invitation is."""
    words = _(
        "You get a link to send to them. It signs one browser in, once, within {days}. They see their own data and runs only.",
        days=counted(INVITATION_DAYS, "day"),
    )
    return [el("h2", _("Invite somebody")), el("p", words, cls="muted")]


def describe_people(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """A line for each account."""
    found = people.list_people(user_id)
    heads = [
        (_("Name"), ""),
        (_("Role"), ""),
        (_("Last here"), ""),
        (_("Browsers"), "number"),
        (_("Tokens"), "number"),
        (_("Runs"), "number"),
        ("", ""),
    ]
    rows = [_line(person, is_self=person.id == user_id) for person in found]
    return [
        el("h2", counted(len(found), "account")),
        table(_("People"), heads, rows, id_="people-table", row_ids=[person.id for person in found]),
        quota_form(quotas.person_quota(user_id, query[QUOTA])) if query.get(QUOTA) else "",
        el("div", el("a", _("Audit trail"), href="/audit", cls="button"), cls="actions"),
    ]


def _line(person: Person, *, is_self: bool) -> list[Node]:
    role = _(ROLE_WORDS.get(person.role, person.role))
    return [
        el("span", person.name, el("span", _(" (you)"), cls="muted") if is_self else None),
        role if person.active else el("span", role, el("span", _(", disabled"), cls="muted")),
        moment(person.used_at) if person.used_at else _("not yet"),
        count(person.sessions),
        count(person.tokens),
        count(person.runs),
        el("div", [quota_button(person.id, person.name), *_buttons_for(person, is_self=is_self)], cls="actions"),
    ]


def _buttons_for(person: Person, *, is_self: bool) -> list[Node]:
    return [] if is_self or person.role == OWNER else _buttons(person)


def _buttons(person: Person) -> list[Node]:
    if not person.active:
        gone = (
            _("Delete {name} and everything of theirs?", name=person.name),
            _(
                "All data, runs, adapters, conversations and files of this person are deleted for good, and the audit trail keeps "
                "no details of them. Backups made before still hold them."
            ),
            _("Delete for good"),
        )
        return [
            action(_("Enable"), "enable", person.id, look="small"),
            action(_("Delete"), "delete", person.id, look="small stop", confirm=gone),
        ]
    shut = (
        _("Disable {name}?", name=person.name),
        _(
            "Their browsers are signed out at once, their tokens, unused links and shared links stop working. Their data stays, "
            "and runs that are queued go on."
        ),
        _("Disable"),
    )
    out = (
        _("Sign {name} out everywhere?", name=person.name),
        _("Browsers, tokens and unused links stop working at once. A new link lets them in again."),
        _("Sign out everywhere"),
    )
    forget = (
        _("Reset the password of {name}?", name=person.name),
        _("The password is forgotten and all browsers, tokens and links end. You get a link to send to them."),
        _("Reset password"),
    )
    lost = (
        _("Remove the second factor of {name}?", name=person.name),
        _("Do so only if you are sure who asks: anyone with the password, or a link, gets in without a code then."),
        _("Remove second factor"),
    )
    is_member = person.role == MEMBER
    resets = [
        action(_("Reset password"), "reset-password", person.id, look="small", confirm=forget)
        if person.has_password
        else "",
        action(_("Remove second factor"), "reset-second-factor", person.id, look="small stop", confirm=lost)
        if person.has_second_factor
        else "",
    ]
    return [
        action(_("New link"), "link", person.id, look="small"),
        action(
            _("Make administrator") if is_member else _("Make member"),
            ADMINISTRATOR if is_member else MEMBER,
            person.id,
            look="small",
        ),
        action(_("Sign out everywhere"), "sign-out", person.id, look="small", confirm=out),
        *resets,
        action(_("Disable"), "disable", person.id, look="small stop", confirm=shut),
    ]


PEOPLE = Page(path="/people", title="People", nav_under="/account", purpose=PURPOSE, build=build)
