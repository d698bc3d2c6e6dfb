"""The frame around every page: head, skip link, menu. It is inserted into Gradio's HTML on the server, so that it shows with the
first paint and page scripts load while Gradio starts.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.languages import COOKIE, NAMES, current_language, gettext_noop, offered, script_messages
from app.languages import gettext as _
from studio_ui import early_answers
from studio_ui.asset_files import CHART_LIBRARY, address
from studio_ui.asset_files import modules as imported_modules
from studio_ui.pages import PAGES, page_at
from studio_ui.pages.page import Page
from studio_ui.static_texts import IN_HTML, fill

PRODUCT = gettext_noop("Fine-tuning studio")
NOTHING_HERE = gettext_noop("Nothing here")
LOADING = gettext_noop("Loading")
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
    "gradio.css",
)

# Set before anything is painted: the choice of the menu, or else of the system.
THEME = (
    'document.documentElement.classList.toggle("dark",(localStorage.getItem("studio-theme")||'
    '(matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light"))==="dark")'
)

# Gradio's own tags for link previews; one of them names a picture on another site.
META = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')
BODY = re.compile(r"<body[^>]*>")
# The step that a `gr.Walkthrough` shows first, in the configuration that Gradio writes into its HTML.
SELECTED_STEP = re.compile(r'(?<="type":"walkthrough","props":\{"selected":)\d+')
HTML_LANGUAGE = re.compile(r'(?<=lang=")en(?=")')


@dataclass(frozen=True)
class Preload:
    """What a page's components need: their ES modules, and the numbers of the views that show at once."""

    modules: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()


NOTHING = Preload()
# Gradio's configuration of all pages, which programs read.
CONFIGURATION, CONFIGURATION_TYPE = "/config", b"application/json"


class FrameMiddleware:
    """ASGI middleware that frames the HTML of page addresses and answers unknown ones with a page of our own."""

    def __init__(self, app: ASGIApp, preloads: Mapping[str, Preload]) -> None:
        self.app = app
        self.preloads = preloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif scope["path"].rstrip("/") == CONFIGURATION:
            await self.app(scope, receive, _RewritingSend(CONFIGURATION_TYPE, send, lambda text: fill(text, {})))
        elif _wants_html(scope):
            page = page_at(scope["path"])
            preload = self.preloads.get(page.path, NOTHING) if page else NOTHING
            name = str((scope.get("state") or {}).get("user_name") or "")
            kind = b"text/html" if page else b""
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            answer = _RewritingSend(kind, send, lambda text: framed(text, page, preload, name, query), name)
            await self.app(scope, receive, answer)
        else:
            await self.app(scope, receive, send)


class _RewritingSend:
    """The ``send`` of one request: collects text of a kind and sends it rewritten, a page of our own for what is not found, and
    everything else unchanged."""

    def __init__(self, kind: bytes, send: Send, rewrite: Callable[[str], str], user_name: str = "") -> None:
        self.kind = kind
        self.user_name = user_name
        self.send = send
        self.rewrite = rewrite
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
        kind: bytes = dict(message.get("headers", [])).get(b"content-type", b"")
        if message["status"] == 404:
            return True
        return bool(self.kind) and message["status"] == 200 and kind.startswith(self.kind)

    async def _finish(self) -> None:
        assert self.start is not None
        missing = self.start["status"] == 404
        content = (not_found_page(self.user_name) if missing else self.rewrite(self.body.decode("utf-8"))).encode()
        dropped = (b"content-length", b"content-encoding", b"content-type")
        headers = [(key, value) for key, value in self.start.get("headers", []) if key.lower() not in dropped]
        kind = b"text/html" if missing else self.kind
        headers += [(b"content-type", kind + b"; charset=utf-8"), (b"content-length", str(len(content)).encode())]
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": content})


def framed(
    template: str,
    page: Page | None,
    preload: Preload = NOTHING,
    user_name: str = "",
    query: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Gradio's HTML with our head, menu and heading; ``preload`` is what the page's components will need."""
    if page and page.first_step:
        template = SELECTED_STEP.sub(str(page.first_step(query)), template, count=1)
    in_language = HTML_LANGUAGE.sub(html_language(), fill(META.sub("", template), IN_HTML), count=1)
    with_head = in_language.replace("</head>", head(page, preload) + "</head>", 1)
    return BODY.sub(lambda match: match[0] + menu(page, user_name) + heading(page), with_head, count=1)


def heading(page: Page | None) -> str:
    """Title and purpose, shown while Gradio starts and afterwards."""
    if page is None:
        return ""
    words = f'<h1>{html_text(page.title)}</h1><p class="purpose">{html_text(page.purpose)}</p>' if page.heading else ""
    waiting = f'<div id="starting" role="status" aria-label="{html_text(LOADING)}"><span></span><span></span><span></span></div>'
    return f'<div class="page page-heading">{words}{waiting}</div>'


def head(page: Page | None, preload: Preload = NOTHING) -> str:
    """Title, styles and modules of a page; the inline line sets the theme before anything is painted."""
    title = f"{_(page.title)} · {_(PRODUCT)}" if page and page.path != "/" else _(PRODUCT)
    lines = [
        f"<title>{escape(title)}</title>",
        '<meta name="color-scheme" content="light dark">',
        f"<script>{THEME}</script>",
        *language_lines(),
        early_answers.script(preload.parts),
        *styles_and_scripts(
            MODULES,
            charts=bool(page and page.charts),
            preloaded=preload.modules,
        ),
    ]
    return "\n".join(lines)


def html_language() -> str:
    """The language of the answer as HTML names it; the simplified letters of Chinese are said."""
    return {"zh": "zh-CN"}.get(current_language(), current_language())


def language_lines(nonce: str = "") -> list[str]:
    """What scripts say in the language of the answer; Gradio's own words follow it instead of the browser's language."""
    words = json.dumps(script_messages(current_language()), ensure_ascii=False).replace("<", "\\u003c")
    follow = f'Object.defineProperty(navigator,"language",{{value:"{html_language()}"}})'
    return [
        f'<script type="application/json" id="messages">{words}</script>',
        f"<script{f' nonce={nonce!r}' if nonce else ''}>{follow}</script>",
    ]


def styles_and_scripts(scripts: Sequence[str], *, charts: bool, preloaded: Sequence[str] = ()) -> list[str]:
    """Lines of a head. Every module that will be imported is named, so that none waits for another to be read.

    The chart library comes last: it is large, and run only when the numbers of the page are there (see `charts.js`).
    """
    # A view imports it once it has a figure to show.
    drawn = ("figures.js",) if charts else ()
    imported = dict.fromkeys(name for script in (*scripts, *preloaded, *drawn) for name in imported_modules(script))
    lines = [f'<link rel="stylesheet" href="{address(name)}">' for name in STYLES]
    lines += [f'<link rel="modulepreload" href="{address(name)}">' for name in imported]
    lines += [f'<script type="module" src="{address(name)}"></script>' for name in scripts]
    return (
        [*lines, f'<link rel="preload" as="script" fetchpriority="low" href="{address(CHART_LIBRARY)}">']
        if charts
        else lines
    )


def menu(page: Page | None, user_name: str = "") -> str:
    """Skip link and menu; the entry of the current page is marked for eyes and for screen readers, and the signed-in person is named."""
    here = (page.nav_under or page.path) if page else ""
    entries = "".join(
        f'<li><a href="{page.path}"{" aria-current=page" if page.path == here else ""}>{html_text(page.nav_label)}</a></li>'
        for page in PAGES
        if page.nav_label
    )
    return (
        f'<a class="skip-link" href="#content">{html_text("Skip to the content")}</a>'
        f'<header class="site-head"><div class="site-row"><a class="site-name" href="/"><span class="site-mark" '
        f'aria-hidden="true"></span>{html_text(PRODUCT)}</a><nav aria-label="{html_text("Pages")}"><ul>{entries}</ul></nav>'
        f"{language_switch()}"
        f'<button id="theme-switch" type="button" class="button quiet" aria-label="{html_text("Switch between light and dark")}">◐'
        f'</button><a class="signed-in" href="/account"{" aria-current=page" if here == "/account" else ""} title="{escape(_("Signed in as {name}", name=user_name))}">{escape(user_name)}</a>'
        '<form class="sign-out" method="post" action="/sign-out">'
        f'<button class="button quiet">{html_text("Sign out")}</button></form></div></header>'
    )


def language_switch() -> str:
    """The languages that are offered, each by its own name."""
    if len(offered()) < 2:
        return ""
    options = "".join(
        f'<option value="{language}" lang="{language}"{" selected" if language == current_language() else ""}>'
        f"{language.upper()} · {NAMES[language]}</option>"
        for language in offered()
    )
    return (
        f'<select id="language-switch" data-cookie="{COOKIE}" aria-label="{html_text("Language")}">{options}</select>'
    )


def not_found_page(user_name: str = "") -> str:
    """The page for an address that does not exist."""
    return (
        f'<!doctype html><html lang="{html_language()}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1">'
        f"{head(None).replace(html_text(PRODUCT), html_text(NOTHING_HERE) + ' · ' + html_text(PRODUCT), 1)}"
        f'</head><body>{menu(None, user_name)}<main class="page" id="content" tabindex="-1"><div class="empty">'
        f'<h1 class="empty-title">{html_text("There is no page at this address.")}</h1><p class="muted">'
        f"{html_text('It may have been mistyped. Nothing of yours is lost.')}</p>"
        f'<a class="button primary" href="/">{html_text("Go to Home")}</a></div></main></body></html>'
    )


def html_text(message: str) -> str:
    """A message in the language of the answer, as HTML."""
    return escape(_(message))


def _wants_html(scope: Scope) -> bool:
    path = scope["path"]
    if page_at(path) is not None:
        return True
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accept and not path.startswith(("/api/", "/v1/", "/gradio_api/", "/assets/", "/static/"))
