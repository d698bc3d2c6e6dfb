"""The page behind a read-only link: the compare page without a menu, for people who are not signed in.

Made of our own scripts alone, since Gradio's routes need sign-in. The script calls the API with the token in the
address's fragment, which browsers never send.
"""

import secrets
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from studio_ui.frame import PRODUCT, THEME, styles_and_scripts
from studio_ui.pages.compare import COMPARE

PATH = "/shared"


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


def _content(nonce: str) -> str:
    files = "".join(styles_and_scripts(("studio.js", COMPARE.script), charts=True))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<title>Shared comparison · {PRODUCT}</title><script nonce="{nonce}">{THEME}</script>{files}</head><body>'
        f'<header class="site-head"><div class="site-row"><span class="site-name"><span class="site-mark" aria-hidden="true">'
        f'</span>{PRODUCT}</span><span class="muted">Shared with you, read-only</span></div></header>'
        f'<main class="page" id="content" tabindex="-1"><h1>{escape(COMPARE.title)}</h1>'
        f'<p class="purpose">{escape(COMPARE.purpose)}</p><div id="{COMPARE.container}">'
        '<div class="skeleton" role="status" aria-label="Loading"><span></span><span></span><span></span></div>'
        "</div></main></body></html>"
    )
