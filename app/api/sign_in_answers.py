"""What a browser gets once it is signed in: a fresh cookie, and the way to the first page."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app.gate.identity import cookie_name, session_cookie
from app.gate.origin import is_secure
from app.services.accounts import accounts
from app.settings import get_settings


async def signed_in_answer(request: Request, cookie: str) -> Response:
    """Ends the session that the browser had, and hands out the new one."""
    if earlier := session_cookie(request.scope):
        await run_in_threadpool(accounts.sign_out, earlier)
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
