"""The page behind a read-only link: the compare page without a menu, for people who are not signed in.

Made of the comparison's own modules alone, since Gradio's routes need sign-in. They ask for the same as on the compare page,
with the token in the address's fragment, which browsers never send.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from app.errors import NotFound
from app.languages import gettext as _
from studio_ui.comparison.frame import board_props
from studio_ui.comparison.source import SharedRuns
from studio_ui.components.comparison import READS
from studio_ui.frame import LOADING, PRODUCT, THEME, html_language, html_text, language_lines, styles_and_scripts
from studio_ui.pages.compare import COMPARE
from studio_ui.session import refusal

PATH = "/shared"
READ_PATH = "/shared/read"
TOKEN = "X-Studio-Share"


def show_shared(request: Request) -> HTMLResponse:
    """The frame of the page; everything else comes with the token."""
    nonce = secrets.token_urlsafe(16)
    # Parallel axes are drawn by WebGL programs that the chart library compiles at run time.
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
    return HTMLResponse(_content(nonce), headers=headers)


async def read_shared(request: Request) -> JSONResponse:
    """What the page's modules ask for: ``name`` of :data:`READS` with its ``data``; refusals as everywhere."""
    return await to_thread.run_sync(_answer, request.headers.get(TOKEN, ""), request.query_params)


def _answer(token: str, query: Mapping[str, str]) -> JSONResponse:
    headers = {"Cache-Control": "no-store"}
    try:
        data: dict[str, Any] = json.loads(query.get("data", "{}"))
        read = READS.get(query.get("name", ""))
        if read is None:
            raise NotFound("not_found", _("There is nothing of this name."), _("Reload the page."))
        found = read(SharedRuns(token, shows_rows=bool(data.get("rows"))), data)
    except Exception as error:
        shown = refusal(error)
        return JSONResponse({**shown.as_dict(), "status": shown.status}, status_code=shown.status, headers=headers)
    return JSONResponse({"value": found}, headers=headers)


def _content(nonce: str) -> str:
    files = "".join(
        line for line in styles_and_scripts(("studio.js", "shared.js"), charts=True) if "gradio" not in line
    )
    board = json.dumps(board_props(), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="{html_language()}"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<title>{html_text("Shared comparison")} · {html_text(PRODUCT)}</title><script nonce="{nonce}">{THEME}</script>'
        f"{''.join(language_lines(nonce))}{files}</head><body>"
        f'<header class="site-head"><div class="site-row"><span class="site-name"><span class="site-mark" aria-hidden="true">'
        f'</span>{html_text(PRODUCT)}</span><span class="muted">{html_text("Shared with you, read-only")}</span></div></header>'
        f'<main class="page" id="content" tabindex="-1"><h1>{html_text(COMPARE.title)}</h1>'
        f'<p class="purpose">{html_text(COMPARE.purpose)}</p><div id="compare-page"><div class="browser-component">'
        f'<div class="skeleton" role="status" aria-label="{html_text(LOADING)}"><span></span><span></span><span></span></div>'
        f'</div></div></main><script type="application/json" id="board">{board}</script></body></html>'
    )
