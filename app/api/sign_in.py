"""Signing in with a one-time link, and signing out. The page has no other assets."""

import html
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app import requester
from app.errors import StudioError
from app.gate.identity import cookie_name, session_cookie
from app.gate.origin import is_secure
from app.languages import current_language
from app.languages import gettext as _
from app.services.accounts import accounts, denials
from app.settings import get_settings

router = APIRouter(tags=["sign-in"])

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")
ATTEMPTS_PER_MINUTE = 20
MAX_ADDRESSES = 10_000


class Attempts:
    """Failed sign-ins per address within the last minute; further attempts are refused for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Refuse an address that has failed too often.

        Raises:
            StudioError: 429 with the seconds to wait.
        """
        with self._lock:
            recent = self._recent(address)
            if len(recent) >= ATTEMPTS_PER_MINUTE:
                wait = max(1, round(60 - (time.monotonic() - recent[0])))
                raise StudioError(
                    "too_many_attempts",
                    _("There were {recent} failed sign-ins from this address within a minute.", recent=len(recent)),
                    _("Wait {wait} s, then use a new link.", wait=wait),
                    status=429,
                    details={"retry_after": wait},
                )

    def note_failure(self, address: str) -> None:
        """Remember one failure."""
        with self._lock:
            self._recent(address).append(time.monotonic())
            while len(self._failed) > MAX_ADDRESSES:
                self._failed.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        recent = self._failed.setdefault(address, deque(maxlen=ATTEMPTS_PER_MINUTE))
        self._failed.move_to_end(address)
        while recent and time.monotonic() - recent[0] > 60:
            recent.popleft()
        return recent


ATTEMPTS = Attempts()


@router.get("/sign-in")
async def show_sign_in(request: Request, token: str = "") -> HTMLResponse:
    """A page that sends the link's token on; opening a link changes nothing, so previews cannot use it up."""
    if not TOKEN.fullmatch(token):
        return _page(_("You are signed out"), signed_out())
    if (others := await run_in_threadpool(_others, request, token)) is not None:
        return _page(_("Switch to another account?"), _switch_form(token, *others))
    nonce = secrets.token_urlsafe(16)
    form = (
        f'<p>{html.escape(_("One moment, you are being signed in."))}</p><form id="f" method="post" action="/sign-in">'
        f'<input type="hidden" name="token" value="{token}"><button>{html.escape(_("Sign in"))}</button></form>'
        f'<script nonce="{nonce}">history.replaceState(null,"","/sign-in");'
        'document.getElementById("f").submit()</script>'
    )
    return _page(_("Sign in"), form, nonce=nonce)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Redeem the token once, set the session cookie, go to the first page; ``switch=yes`` leaves another account."""
    try:
        fields = parse_qs((await request.body()).decode("latin-1"), max_num_fields=10)
    except ValueError:
        return _page(_("Sign-in failed"), f"<p>{_('The form could not be read.')}</p>", status=400)
    token = _token_in(fields.get("token", [""])[0])
    try:
        others = await run_in_threadpool(_others, request, token)
        if others is not None and fields.get("switch") != ["yes"]:
            return _page(_("Switch to another account?"), _switch_form(token, *others), status=409)
        cookie = await run_in_threadpool(_redeem, token, request.headers.get("user-agent", ""))
    except StudioError as error:
        await run_in_threadpool(denials.note, error, request.method, request.scope["path"])
        return _refusal(error)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        cookie_name(request.scope),
        cookie,
        max_age=int(get_settings().session_max_days * 86400),
        path="/",
        httponly=True,
        secure=is_secure(request.scope),
        samesite="lax",
    )
    return answer


def _redeem(token: str, agent: str = "") -> str:
    """The cookie of the new session.

    A link that was really given out works however many others were tried from its address: behind a proxy everybody has the
    same one. Tries that are refused for their number are not counted, so that waiting helps.
    """
    if accounts.user_of_link(token) is None:
        ATTEMPTS.check(requester.current().address)
        ATTEMPTS.note_failure(requester.current().address)
    return accounts.redeem_sign_in_link(token, agent)[1]


def _others(request: Request, token: str) -> tuple[str, str] | None:
    """(who is signed in in this browser, whom the link is for), if these are two people."""
    here, there = accounts.user_for_session(session_cookie(request.scope)), accounts.user_of_link(token)
    return (here.name, there.name) if here and there and here.id != there.id else None


def _switch_form(token: str, here: str, there: str) -> str:
    return (
        f"<p>This browser is signed in as <strong>{html.escape(here)}</strong>. The link is for "
        f"<strong>{html.escape(there)}</strong>.</p><p>If somebody else sent it to you, stay as you are: what you enter after "
        "switching is theirs to see.</p>"
        '<form method="post" action="/sign-in"><input type="hidden" name="switch" value="yes">'
        f'<input type="hidden" name="token" value="{html.escape(token)}"><button>Switch to {html.escape(there)}</button></form>'
        f'<p class="muted"><a href="/">Stay signed in as {html.escape(here)}</a></p>'
    )


def _refusal(error: StudioError) -> Response:
    words = f"<p>{html.escape(error.message)}</p><p>{html.escape(error.hint)}</p>{paste_form()}"
    refusal = _page(_("Sign-in failed"), words, status=error.status)
    if "retry_after" in error.details:
        refusal.headers["Retry-After"] = str(error.details["retry_after"])
    return refusal


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End this browser's session; programs' tokens are not touched."""
    cookie = request.scope.get("state", {}).get("session_cookie")
    if cookie:
        await run_in_threadpool(accounts.sign_out, cookie)
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = RedirectResponse("/sign-in", status_code=303) if wants_page else JSONResponse({"signed_out": bool(cookie)})
    answer.delete_cookie(
        cookie_name(request.scope), path="/", httponly=True, secure=is_secure(request.scope), samesite="lax"
    )
    return answer


def _token_in(pasted: str) -> str:
    """The token of a sign-in link, or what was pasted if it is no link."""
    found = re.search(r"[?&]token=([A-Za-z0-9_-]+)", pasted)
    return found[1] if found else pasted.strip()


def _page(title: str, body: str, *, nonce: str = "", status: int = 200) -> HTMLResponse:
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
        html.escape(each) for each in (_("Sign-in link"), _("Paste the link here, or open it"), _("Sign in"))
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
input:not([type=hidden]) {{ flex: 1 1 220px; min-width: 0; min-height: 42px; padding: 8px 12px; font: inherit;
  border: 1px solid var(--line); border-radius: 8px; background: var(--panel); color: var(--ink) }}
button {{ min-height: 42px; padding: 8px 18px; font: inherit; font-weight: 580; border: 0; border-radius: 8px;
  background: var(--accent); color: var(--on-accent); cursor: pointer }}
:is(input, button):focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px }}
@media (max-width: 640px) {{ main {{ margin: 16px; padding: 20px }} header {{ padding: 0 16px }} }}
</style></head><body><header><span aria-hidden="true"></span>{product}</header>
<main><h1>{title}</h1>{body}</main></body></html>
"""
