"""The pages of signing in, whole in themselves: no other file is loaded, and no script runs but the one that sends a link on."""

import html
import secrets
from collections.abc import Mapping

from starlette.responses import HTMLResponse, Response

from app.errors import StudioError
from app.languages import current_language
from app.languages import gettext as _
from app.services.accounts import provided_identity
from app.settings import get_settings


def sending_page(token: str) -> HTMLResponse:
    """Sends the token on by itself and takes it out of the address."""
    nonce = secrets.token_urlsafe(16)
    form = (
        f'<p>{html.escape(_("One moment, you are being signed in."))}</p><form id="f" method="post" action="/sign-in">'
        f'<input type="hidden" name="token" value="{token}"><button>{html.escape(_("Sign in"))}</button></form>'
        f'<script nonce="{nonce}">history.replaceState(null,"","/sign-in");'
        'document.getElementById("f").submit()</script>'
    )
    return page(_("Sign in"), form, nonce=nonce)


def switch_form(token: str, here: str, there: str) -> str:
    """Asks before the account of this browser changes."""
    return (
        f"<p>This browser is signed in as <strong>{html.escape(here)}</strong>. The link is for "
        f"<strong>{html.escape(there)}</strong>.</p><p>If somebody else sent it to you, stay as you are: what you enter after "
        "switching is theirs to see.</p>"
        '<form method="post" action="/sign-in"><input type="hidden" name="switch" value="yes">'
        f'<input type="hidden" name="token" value="{html.escape(token)}"><button>Switch to {html.escape(there)}</button></form>'
        f'<p class="muted"><a href="/">Stay signed in as {html.escape(here)}</a></p>'
    )


def refusal_page(error: StudioError, fields: Mapping[str, str]) -> Response:
    """Why it did not work, with the form to try again; name and link stay, the password does not.

    Args:
        fields: what was sent.
    """
    words = f'<p role="alert"><strong>{html.escape(error.message)}</strong> {html.escape(error.hint)}</p>'
    if "name" in fields:
        words += password_form(fields["name"][:200]) + link_form()
    elif error.code in ("code_needed", "wrong_code"):
        words += code_form(fields.get("token", "")[:300])
    else:
        words += paste_form()
    refusal = page(_("Sign-in failed"), words, status=error.status)
    if "retry_after" in error.details:
        refusal.headers["Retry-After"] = str(error.details["retry_after"])
    return refusal


def code_form(token: str) -> str:
    """A link of somebody with a second factor."""
    return (
        '<form method="post" action="/sign-in"><input type="hidden" name="switch" value="yes">'
        f'<input type="hidden" name="token" value="{html.escape(token)}">{_code_field(required=True)}'
        f"<button>{html.escape(_('Sign in'))}</button></form>"
    )


def password_form(name: str = "") -> str:
    """Name, password, and the code of those who have a second factor."""
    words = [html.escape(text) for text in (_("Name"), _("Password"), _("Sign in"))]
    return (
        f'<form method="post" action="/sign-in" class="stacked"><label for="name">{words[0]}</label>'
        f'<input id="name" name="name" required maxlength="200" autocomplete="username" value="{html.escape(name)}">'
        f'<label for="password">{words[1]}</label>'
        '<input id="password" name="password" type="password" required autocomplete="current-password">'
        f"{_code_field(required=False)}<button>{words[2]}</button></form>"
    )


def _code_field(*, required: bool) -> str:
    label = html.escape(_("Code") if required else _("Code, if you have a second factor"))
    return (
        f'<label for="code">{label}</label><input id="code" name="code" autocomplete="one-time-code" maxlength="40" '
        f'spellcheck="false"{" required" if required else ""}>'
    )


def provider_button() -> str:
    """The way to the sign-in provider, and out of its own session where it has such a page."""
    settings = get_settings()
    title = html.escape(settings.oidc_title or _("Single sign-on"))
    out = provided_identity.sign_out_address(f"{settings.address}/sign-in")
    words = html.escape(_("Sign out there, too"))
    link = f'<p class="muted"><a href="{html.escape(out)}">{words}</a></p>' if out else ""
    return f'<p><a class="button" href="/sign-in/provider">{title}</a></p>{link}'


def link_form() -> str:
    """Signing in with a link, below the form for passwords."""
    summary = html.escape(_("Sign in with a link instead"))
    return f"<details><summary>{summary}</summary>{signed_out()}</details>"


def page(title: str, body: str, *, nonce: str = "", status: int = 200) -> HTMLResponse:
    """A page with nothing but this; ``body`` is markup."""
    nonce = nonce or secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    content = PAGE.format(
        title=title, body=body, nonce=nonce, language=current_language(), product=_("Fine-tuning studio")
    )
    return HTMLResponse(content, status_code=status, headers={"Content-Security-Policy": policy})


def paste_form() -> str:
    """Where a sign-in link can be pasted."""
    label, hint, verb = (
        html.escape(text) for text in (_("Sign-in link"), _("Paste the link here, or open it"), _("Sign in"))
    )
    return (
        f'<form method="post" action="/sign-in"><label for="link">{label}</label>\n'
        f'<input id="link" name="token" required autocomplete="off" spellcheck="false" placeholder="{hint}">\n'
        f"<button>{verb}</button></form>"
    )


def signed_out() -> str:
    """What to do without a session."""
    steps = (
        _("Open a terminal on the machine that runs the studio."),
        _("Run {command}; it prints a new sign-in link.", command="<code>studio link</code>"),
        _("Open that link in this browser, or paste it here. It works once."),
    )
    kept = _("Nothing of yours is lost: data and results stay, and runs go on.")
    other = _("If somebody else runs this studio, ask them for a link.")
    listed = "\n".join(f"<li>{step}</li>" for step in steps)
    heading = _("To sign in again")
    return f'<p>{kept}</p>\n<h2>{heading}</h2>\n<ol>{listed}</ol>\n{paste_form()}\n<p class="muted">{other}</p>'


PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {product}</title><style nonce="{nonce}">
:root {{ color-scheme: light dark; --page: light-dark(#f6f7f9, #0f141b); --panel: light-dark(#fff, #171e27);
  --ink: light-dark(#18212e, #e7ebf1); --muted: light-dark(#566274, #9dabbb); --line: light-dark(#dde3ea, #2c3744);
  --accent: light-dark(#2354d1, #86b0ff); --on-accent: light-dark(#fff, #0b1526) }}
* {{ box-sizing: border-box }}
body {{ margin: 0; font: 16px/1.55 system-ui, sans-serif; background: var(--page); color: var(--ink) }}
header {{ display: flex; align-items: center; gap: 10px; min-height: 60px; padding: 0 32px; background: var(--panel);
  border-bottom: 1px solid var(--line); font-weight: 680 }}
header span {{ width: 22px; height: 22px; border-radius: 7px;
  background: linear-gradient(135deg, var(--accent) 0 46%, transparent 46% 54%, var(--accent) 54%) }}
main {{ max-width: 36rem; margin: 10vh auto 0; padding: 32px; background: var(--panel); border: 1px solid var(--line);
  border-radius: 12px }}
h1 {{ margin: 0 0 8px; font-size: 1.5rem; line-height: 1.2 }}
h2 {{ margin: 24px 0 8px; font-size: 1.1rem }}
ol {{ margin: 0 0 16px; padding-left: 1.4em }}
code {{ padding: 2px 6px; border-radius: 6px; background: var(--page) }}
.muted {{ margin: 16px 0 0; color: var(--muted) }}
form {{ display: flex; flex-wrap: wrap; gap: 8px }}
label {{ flex: 1 0 100%; font-weight: 600 }}
form.stacked {{ flex-direction: column; align-items: stretch }}
form.stacked :is(label, input:not([type=hidden])) {{ flex: none }}
form.stacked button {{ margin-top: 8px }}
details {{ margin-top: 24px }}
summary {{ cursor: pointer; color: var(--accent) }}
input:not([type=hidden]) {{ flex: 1 1 220px; min-width: 0; min-height: 42px; padding: 8px 12px; font: inherit;
  border: 1px solid var(--line); border-radius: 8px; background: var(--panel); color: var(--ink) }}
:is(button, .button) {{ min-height: 42px; padding: 8px 18px; font: inherit; font-weight: 580; border: 0; border-radius: 8px;
  background: var(--accent); color: var(--on-accent); cursor: pointer }}
.button {{ display: inline-block; text-decoration: none }}
:is(input, button, .button):focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px }}
@media (max-width: 640px) {{ main {{ margin: 16px; padding: 20px }} header {{ padding: 0 16px }} }}
</style></head><body><header><span aria-hidden="true"></span>{product}</header>
<main><h1>{title}</h1>{body}</main></body></html>
"""
