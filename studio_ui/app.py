"""Mounts the pages on the web application: a Gradio app with one route per page, whose scripts call the REST API."""

import os
import warnings
from typing import TYPE_CHECKING

from studio_ui.asset_files import ASSET_FOLDER, ASSETS, Assets
from studio_ui.frame import PRODUCT, FrameMiddleware, container
from studio_ui.pages import PAGES
from studio_ui.pages.page import Page
from studio_ui.shared import PATH as SHARED_PATH
from studio_ui.shared import show_shared

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI

SYSTEM_FONT = ("system-ui", "sans-serif")
MONO_FONT = ("ui-monospace", "monospace")


def mount(api: "FastAPI") -> "FastAPI":
    """Add assets, pages and the frame around them to the application; returns the same application."""
    # Gradio reports usage over the network unless that is disabled before it is imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio

    api.mount(ASSETS, Assets(directory=ASSET_FOLDER))
    api.add_route(SHARED_PATH, show_shared, methods=["GET"])
    with warnings.catch_warnings():
        # Gradio warns that several routes rule out server-side rendering, which is off.
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
    api.add_middleware(FrameMiddleware)
    return api


def build_pages() -> "gradio.Blocks":
    """One Gradio application with a route for each page; every page is one block of HTML that its script fills."""
    import gradio

    blocks: gradio.Blocks
    with gradio.Blocks(title=PRODUCT, analytics_enabled=False, fill_width=True) as blocks:
        _mount_page(PAGES[0])
    for page in PAGES[1:]:
        with blocks.route(page.title, page.route, show_in_navbar=False):
            _mount_page(page)
    return blocks


def _mount_page(page: Page) -> None:
    import gradio

    gradio.HTML(container(page), apply_default_css=False, js_on_load=None)
