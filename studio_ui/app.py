"""Mounts the pages on the web application: Gradio carries them, our own files make them work.

Must not know any service or table; pages talk to the REST API like every other program does.
"""

import importlib.util
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from studio_ui.frame import ASSETS, PRODUCT, Framed, container
from studio_ui.pages import PAGES
from studio_ui.pages.page import Page
from studio_ui.shared import PATH as SHARED_PATH
from studio_ui.shared import show_shared

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI

ASSET_FOLDER = Path(__file__).parent / "assets"
SYSTEM_FONT = ("system-ui", "sans-serif")
MONO_FONT = ("ui-monospace", "monospace")


def mount(api: "FastAPI") -> "FastAPI":
    """Add assets, pages and the frame around them to the application; returns the same application."""
    # Gradio reports usage over the network unless it is told not to before it is imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio

    api.mount(ASSETS, GZipMiddleware(Assets(directory=ASSET_FOLDER), minimum_size=1000, compresslevel=6))
    api.add_route(SHARED_PATH, show_shared, methods=["GET"])
    with warnings.catch_warnings():
        # It warns that several pages rule out rendering on the server, which is not asked for.
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)
        gradio.mount_gradio_app(
            api,
            build_pages(),
            path="/",
            theme=gradio.themes.Base(font=list(SYSTEM_FONT), font_mono=list(MONO_FONT)),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            show_error=False,
            allowed_paths=[],
            max_file_size="1kb",
            enable_monitoring=False,
            mcp_server=False,
        )
    api.add_middleware(Framed)
    return api


def build_pages() -> "gradio.Blocks":
    """One Gradio application with a route for each page; every page is one block of HTML that its script fills."""
    import gradio

    with gradio.Blocks(title=PRODUCT, analytics_enabled=False, fill_width=True) as blocks:
        _place(PAGES[0])
    for page in PAGES[1:]:
        with blocks.route(page.title, page.route, show_in_navbar=False):
            _place(page)
    return blocks


def _place(page: Page) -> None:
    import gradio

    gradio.HTML(container(page), apply_default_css=False, js_on_load=None)


class Assets(StaticFiles):
    """Our scripts and styles, and the chart library out of its installed package.

    Browsers ask each time whether a file has changed, so that an update of the studio never mixes old and new scripts.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See :meth:`StaticFiles.get_response`."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """See :meth:`StaticFiles.lookup_path`."""
        if path == "plotly.min.js":
            file = chart_library()
            return str(file), file.stat()
        return super().lookup_path(path)


def chart_library() -> Path:
    """The browser build of Plotly that its Python package carries; found without importing the package."""
    found = importlib.util.find_spec("plotly")
    assert found is not None and found.origin is not None, "the package plotly is not installed"
    return Path(found.origin).parent / "package_data" / "plotly.min.js"
