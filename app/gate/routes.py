"""Which paths are public, which are reachable for signed-in users, and which routes of Gradio are closed.

Functions of the ASGI scope and the settings. Everything that is not listed as public needs a signed-in person.
"""

import re

from starlette.types import Scope

from app.settings import get_settings

# The whole list. The sign-in page must be reachable to sign in; the two probes contain no data of users. Routes
# under /shared check the token of a read-only link themselves.
PUBLIC = frozenset(
    {
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-in/provider",
        "/sign-in/callback",
        "/favicon.ico",
        "/shared",
        "/shared/read",
        "/api/v1/shared",
        "/api/v1/shared/compare",
        "/api/v1/shared/series",
        "/api/v1/shared/examples",
    }
)
# Our own scripts and styles, the same for everybody; the page behind a read-only link is made of them.
PUBLIC_ASSET = re.compile(r"/assets/studio/(v[0-9a-f]{12}/)?[a-z_]+(\.min)?\.(js|css)")
PUBLIC_POST = frozenset({"/sign-in"})

# What Gradio's browser code needs. Its file, upload, proxy, stream and deep-link routes are closed: files go through our own
# routes, which check owners.
GRADIO = "/gradio_api"
# By ``/app_id`` an open page learns that the server is back, and loads itself anew.
GRADIO_READS = frozenset({"/queue/data", "/theme.css", "/info", "/app_id"})
GRADIO_WRITES = frozenset(
    {"/queue/join", "/cancel", "/reset", "/component_server", "/component_server/", "/run/predict", "/run/predict/"}
)
# The named endpoints for programs, and the answers of their events, with the event's id as the group.
CALL = re.compile(r"/call/[a-z_]{1,40}(?:/([0-9a-f]{8,64}))?")
MCP = re.compile(r"/mcp(/.*)?")
HEARTBEAT = re.compile(r"/heartbeat/[A-Za-z0-9_-]{1,100}")

ASSETS = ("/static/", "/assets/", "/svelte/", "/custom_component/")
ASSET_FILES = frozenset({"/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt"})
PROGRAMS = ("/api/", "/v1/", "/gradio_api/", "/static/", "/assets/", "/svelte/")
PROGRAM_FILES = frozenset({"/metrics", "/api", "/v1", "/gradio_api", "/config", "/theme.css", "/manifest.json"})
CLOSED = re.compile(r"/(login|logout|login_check|token|app_id|monitoring|pwa_icon|file|redoc|dev)(/.*|=.*)?")
WRITES = re.compile(r"/(api|v1)/.+|/sign-(in|out)")
STREAMS = frozenset({"/api/v1/datasets", "/api/v1/batch-predictions"})
BODY_CHECKED = frozenset(GRADIO + path for path in GRADIO_WRITES)

# No address of ours comes near to it; the file system refuses longer names in its own way.
MAX_PATH_CHARACTERS = 1000
UNCLEAN = re.compile(r"//|/\.{1,2}(/|$)|[\\;%@\x00-\x1f\x7f]")


def is_public(scope: Scope) -> bool:
    """Whether the path needs no sign-in; it must match exactly."""
    path = scope["path"]
    reads = (
        scope["method"] in ("GET", "HEAD")
        and is_clean(scope)
        and (path in PUBLIC or PUBLIC_ASSET.fullmatch(path) is not None)
    )
    return reads or (scope["method"] == "POST" and path in PUBLIC_POST)


def is_page(scope: Scope) -> bool:
    """Whether a person's browser asks for a page, so that a redirect to signing in is the useful refusal."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and not path.startswith(PROGRAMS) and path not in PROGRAM_FILES


def is_asset(scope: Scope) -> bool:
    """Whether this is a file of the Gradio package, the same for everybody and cacheable."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and (path.startswith(ASSETS) or path in ASSET_FILES)


def is_clean(scope: Scope) -> bool:
    """Whether the path has one reading only: no dot segments, doubled slashes or second encoding."""
    path = scope["path"]
    return path.startswith("/") and len(path) <= MAX_PATH_CHARACTERS and UNCLEAN.search(path) is None


def is_reachable(scope: Scope) -> bool:
    """Whether the path is served at all."""
    path, reads = scope["path"], scope["method"] in ("GET", "HEAD")
    if path == GRADIO or path.startswith(GRADIO + "/"):
        rest = path[len(GRADIO) :]
        if MCP.fullmatch(rest):
            return get_settings().mcp
        if reads:
            return rest in GRADIO_READS or CALL.fullmatch(rest) is not None or HEARTBEAT.fullmatch(rest) is not None
        return rest in GRADIO_WRITES or CALL.fullmatch(rest) is not None
    if CLOSED.fullmatch(path):
        return False
    return reads or WRITES.fullmatch(path) is not None


def is_stream(scope: Scope) -> bool:
    """Whether the body is a file that its own route reads piece by piece, with its own limits."""
    return scope["method"] == "POST" and scope["path"] in STREAMS


def needs_body_check(scope: Scope) -> bool:
    """Whether the body names a Gradio session or event."""
    path = scope["path"]
    return scope["method"] == "POST" and (path in BODY_CHECKED or CALL.fullmatch(path.removeprefix(GRADIO)) is not None)
