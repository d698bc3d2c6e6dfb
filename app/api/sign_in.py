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

from app.errors import StudioError
from app.gate.identity import cookie_name
from app.gate.origin import is_secure
from app.services.accounts import accounts
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
                    f"There were {len(recent)} failed sign-ins from this address within a minute.",
                    f"Wait {wait} s, then use a new link.",
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
def show_sign_in(token: str = "") -> HTMLResponse:
    """A page that sends the link's token on; opening a link changes nothing, so previews cannot use it up."""
    if not TOKEN.fullmatch(token):
        return _page("Sign in", f"<p>You are not signed in.</p><p>{html.escape(accounts.HOW_TO_GET_A_LINK)}</p>")
    nonce = secrets.token_urlsafe(16)
    form = (
        '<p>One moment, you are being signed in.</p><form id="f" method="post" action="/sign-in">'
        f'<input type="hidden" name="token" value="{token}"><button>Sign in</button></form>'
        f'<script nonce="{nonce}">history.replaceState(null,"","/sign-in");'
        'document.getElementById("f").submit()</script>'
    )
    return _page("Sign in", form, nonce=nonce)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Redeem the token once, set the session cookie, go to the first page."""
    address = request.client.host if request.client else ""
    try:
        ATTEMPTS.check(address)
        fields = parse_qs((await request.body()).decode("latin-1"), max_num_fields=10)
        token = fields.get("token", [""])[0]
        _, cookie = await run_in_threadpool(accounts.redeem_sign_in_link, token, address)
    except ValueError:
        return _page("Sign-in failed", "<p>The form could not be read.</p>", status=400)
    except StudioError as error:
        ATTEMPTS.note_failure(address)
        words = f"<p>{html.escape(error.message)}</p><p>{html.escape(error.hint)}</p>"
        refusal = _page("Sign-in failed", words, status=error.status)
        if "retry_after" in error.details:
            refusal.headers["Retry-After"] = str(error.details["retry_after"])
        return refusal
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


def _page(title: str, body: str, *, nonce: str = "", status: int = 200) -> HTMLResponse:
    nonce = nonce or secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    content = PAGE.format(title=title, body=body, nonce=nonce)
    return HTMLResponse(content, status_code=status, headers={"Content-Security-Policy": policy})


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style nonce="{nonce}">
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 18vh auto 0; max-width: 32rem; padding: 0 1.25rem }}
h1 {{ font-size: 1.5rem }}
button {{ font: inherit; padding: .6rem 1.4rem; border-radius: .5rem; border: 0; background: #0b57d0; color: #fff }}
</style></head><body><main><h1>{title}</h1>{body}</main></body></html>
"""
