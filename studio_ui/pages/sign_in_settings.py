"""The part of the Account page about signing in: password, authenticator, recovery codes."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
import segno

from app.errors import Rejected
from app.languages import gettext as _
from app.services.accounts import passwords, second_factor
from studio_ui.components.nodes import Node, action, banner, copy_button, el, form
from studio_ui.components.view import View, show
from studio_ui.session import listen, scope_of, user_of


def build_sign_in_settings() -> None:
    """The view with its forms."""
    view = View(describe_sign_in, elem_id="sign-in-settings")
    listen(view.action, change, None, view)


def change(request: gr.Request, event: gr.EventData) -> Any:
    """What a form or button of the view does."""
    user_id, name = user_of(request), str(event.name)
    fields: dict[str, str] = event.value if isinstance(event.value, dict) else {}
    if name == "password":
        if fields.get("new") != fields.get("again"):
            raise Rejected("password_twice", _("The two new passwords differ."), _("Enter the same one twice."))
        cookie = str(scope_of(request).get("state", {}).get("session_cookie") or "")
        passwords.set_password(user_id, fields.get("new", ""), fields.get("current", ""), cookie)
        gr.Success(_("The password is set; your other browsers are signed out."))
    elif name == "begin":
        passwords.check_own(user_id, fields.get("current", ""))
        return show(_authenticator(*second_factor.begin(user_id)))
    elif name == "confirm":
        return show(_recovery(second_factor.confirm(user_id, fields.get("code", ""))))
    elif name == "remove":
        second_factor.remove(user_id, fields.get("code", ""))
        gr.Success(_("Removed; no code is asked for from now on."))
    return show(describe_sign_in(user_id, {}))


def describe_sign_in(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """Two cards: password, second factor."""
    known, factor = passwords.has_password(user_id), second_factor.state(user_id)
    return [el("div", _password_card(known), _factor_card(known, factor), cls="cards sign-in-cards")]


def _password_card(known: bool) -> Node:
    words = (
        _("You sign in with your name and this password, or with a link.")
        if known
        else _("You have none yet and sign in with links. With a password you need no new link.")
    )
    fields = [
        _secret_field("current", _("Present password"), "current-password") if known else "",
        _secret_field("new", _("New password, 12 characters or more"), "new-password"),
        _secret_field("again", _("The new password again"), "new-password"),
        el("button", _("Change the password") if known else _("Set a password"), cls="button", type="submit"),
    ]
    return el("section", el("h2", _("Password")), el("p", words, cls="muted"), form("password", fields), cls="card")


def _factor_card(has_password: bool, factor: second_factor.FactorState) -> Node:
    heading = el("h2", _("Second factor"))
    if factor.active:
        words = _(
            "On: signing in asks for a code of your authenticator. Recovery codes left: {count}.",
            count=factor.recovery_codes,
        )
        remove = [_code_field(_("Code, to remove it")), el("button", _("Remove"), cls="button stop", type="submit")]
        return el("section", heading, el("p", words, cls="muted"), form("remove", remove), cls="card")
    words = _("Off. An app on your phone then shows a code every 30 seconds, which signing in asks for besides.")
    fields = [
        _secret_field("current", _("Present password"), "current-password") if has_password else "",
        el("button", _("Set up an authenticator"), cls="button", type="submit"),
    ]
    return el("section", heading, el("p", words, cls="muted"), form("begin", fields), cls="card")


def _authenticator(secret: str, address: str) -> list[Node]:
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    steps = [
        el("li", _("Open your authenticator app and scan this code:"), el("br"), _qr_code(address)),
        el(
            "li",
            _("Or add an account by hand, of the kind “time based”, with this key:"),
            " ",
            el("code", grouped),
            " ",
            copy_button(_("Copy"), secret),
        ),
        el("li", _("Or copy the address for a password manager:"), " ", copy_button(_("Copy the address"), address)),
        el("li", _("Enter the code that it shows now.")),
    ]
    confirm = [_code_field(_("Code")), el("button", _("Turn on"), cls="button primary", type="submit")]
    return [
        el(
            "section",
            el("h2", _("Second factor")),
            el("ol", steps),
            form("confirm", confirm),
            cls="card",
            id="factor-new",
        )
    ]


def _qr_code(text: str) -> Node:
    """A picture that cameras read; dark on light with the margin that the standard asks for, in either theme."""
    picture = segno.make(text, error="m", micro=False).png_data_uri(scale=5, border=4)
    return el("img", src=picture, alt=_("QR code of the key"), width=220, height=220, id="factor-code")


def _recovery(codes: list[str]) -> list[Node]:
    hint = _("Each signs you in once when the phone is lost. Print them or keep them in a password manager.")
    return [
        banner("good", _("The second factor is on. Keep these recovery codes; they are shown only now."), hint),
        el("pre", "\n".join(codes), id="recovery-codes"),
        el(
            "div",
            copy_button(_("Copy the codes"), "\n".join(codes)),
            action(_("I have kept them"), "done", look="primary"),
            cls="actions",
        ),
    ]


def _secret_field(name: str, label: str, kind: str) -> Node:
    field = el("input", name=name, type="password", required=True, autocomplete=kind, maxlength=400)
    return el("label", label, field)


def _code_field(label: str) -> Node:
    field = el(
        "input", name="code", type="text", required=True, autocomplete="one-time-code", maxlength=40, spellcheck="false"
    )
    return el("label", label, field)
