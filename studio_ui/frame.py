"""The frame around every page: head, skip link, menu. It is inserted into Gradio's HTML on the server, so that it shows with the
first paint and page scripts load while Gradio starts.
"""

import re
from collections.abc import Sequence
from html import escape

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio_ui.asset_files import CHART_LIBRARY, address, modules
from studio_ui.pages import PAGES, page_at
from studio_ui.pages.page import Page

PRODUCT = "Fine-tuning studio"
MODULES = ("studio.js", "frame.js")
STYLES = (
    "studio.css",
    "forms.css",
    "data.css",
    "runs.css",
    "results.css",
    "queue.css",
    "chat.css",
    "writing.css",
    "marked.css",
)

THEME = 'document.documentElement.classList.toggle("dark",matchMedia("(prefers-color-scheme: dark)").matches)'

# Gradio's own tags for link previews; one of them names a picture on another site.
META = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')
BODY = re.compile(r"<body[^>]*>")


class FrameMiddleware:
    """ASGI middleware that frames the HTML of page addresses and answers unknown ones with a page of our own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not _wants_html(scope):
            await self.app(scope, receive, send)
            return
        answer = _RewritingSend(page_at(scope["path"]), send)
        await self.app(scope, receive, answer)


class _RewritingSend:
    """The ``send`` of one request: collects HTML and passes everything else on unchanged."""

    def __init__(self, page: Page | None, send: Send) -> None:
        self.page = page
        self.send = send
        self.start: Message | None = None
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_ours(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()

    def _is_ours(self, message: Message) -> bool:
        kind = dict(message.get("headers", [])).get(b"content-type", b"")
        if message["status"] == 404:
            return True
        return self.page is not None and message["status"] == 200 and kind.startswith(b"text/html")

    async def _finish(self) -> None:
        assert self.start is not None
        missing = self.start["status"] == 404
        text = not_found_page() if missing else framed(self.body.decode("utf-8"), self.page)
        content = text.encode()
        dropped = (b"content-length", b"content-encoding", b"content-type")
        headers = [(key, value) for key, value in self.start.get("headers", []) if key.lower() not in dropped]
        headers += [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(content)).encode())]
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": content})


def framed(template: str, page: Page | None) -> str:
    """Gradio's HTML with our head and menu."""
    with_head = META.sub("", template).replace("</head>", head(page) + "</head>", 1)
    return BODY.sub(lambda match: match[0] + menu(page), with_head, count=1)


def head(page: Page | None) -> str:
    """Title, styles and modules of a page; the inline line sets the theme before anything is painted."""
    title = f"{page.title} · {PRODUCT}" if page and page.path != "/" else PRODUCT
    lines = [
        f"<title>{escape(title)}</title>",
        '<meta name="color-scheme" content="light dark">',
        f"<script>{THEME}</script>",
        *styles_and_scripts((*MODULES, page.script) if page else MODULES, charts=bool(page and page.charts)),
    ]
    return "\n".join(lines)


def styles_and_scripts(scripts: Sequence[str], *, charts: bool) -> list[str]:
    """Lines of a head. Every module that will be imported is named, so that none waits for another to be read.

    The chart library comes last: it is large, and pages ask for their data before it is run.
    """
    imported = dict.fromkeys(name for script in scripts for name in modules(script))
    lines = [f'<link rel="stylesheet" href="{address(name)}">' for name in STYLES]
    lines += [f'<link rel="modulepreload" href="{address(name)}">' for name in imported]
    lines += [f'<script type="module" src="{address(name)}"></script>' for name in scripts]
    return [*lines, f'<script defer src="{address(CHART_LIBRARY)}"></script>'] if charts else lines


def menu(page: Page | None) -> str:
    """Skip link and menu; the entry of the current page is marked for eyes and for screen readers."""
    here = (page.nav_under or page.path) if page else ""
    entries = "".join(
        f'<li><a href="{page.path}"{" aria-current=page" if page.path == here else ""}>{escape(page.nav_label)}</a></li>'
        for page in PAGES
        if page.nav_label
    )
    return (
        '<a class="skip-link" href="#content">Skip to the content</a>'
        f'<header class="site-head"><div class="site-row"><a class="site-name" href="/"><span class="site-mark" '
        f'aria-hidden="true"></span>{PRODUCT}</a><nav aria-label="Pages"><ul>{entries}</ul></nav>'
        '<form class="sign-out" method="post" action="/sign-out"><button class="button quiet">Sign out</button></form>'
        "</div></header>"
    )


def container(page: Page) -> str:
    """Placeholder that Gradio shows until the page's script has filled it."""
    words = f"<h1>{escape(page.title)}</h1><p class='purpose'>{escape(page.purpose)}</p>" if page.heading else ""
    return (
        f'<div class="page" id="content" tabindex="-1">{words}<div id="{page.container}">'
        '<div class="skeleton" role="status" aria-label="Loading"><span></span><span></span><span></span></div>'
        "</div></div>"
    )


def not_found_page() -> str:
    """The page for an address that does not exist."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1">{head(None).replace(PRODUCT, "Nothing here · " + PRODUCT, 1)}'
        f'</head><body>{menu(None)}<main class="page" id="content" tabindex="-1"><div class="empty">'
        '<h1 class="empty-title">There is no page at this address.</h1><p class="muted">It may have been mistyped. '
        'Nothing of yours is lost.</p><a class="button primary" href="/">Go to Home</a></div></main></body></html>'
    )


def _wants_html(scope: Scope) -> bool:
    path = scope["path"]
    if page_at(path) is not None:
        return True
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accept and not path.startswith(("/api/", "/v1/", "/gradio_api/", "/assets/", "/static/"))
