"""Mounts the pages on the web application: one Gradio application with one route per page."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.routes import App

from app.settings import get_settings
from studio_ui.asset_files import ASSET_FOLDER, ASSETS, Assets
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.early_answers import add_early_answers, early_parts
from studio_ui.frame import PRODUCT, FrameMiddleware, Preload
from studio_ui.pages import PAGES
from studio_ui.pages.page import Page
from studio_ui.shared import PATH as SHARED_PATH
from studio_ui.shared import READ_PATH as SHARED_READ_PATH
from studio_ui.shared import read_shared, show_shared
from studio_ui.static_texts import marking
from studio_ui.theme import make_theme
from studio_ui.verbs import add_verbs

if TYPE_CHECKING:
    from fastapi import FastAPI

# Listeners of all people that may work at once; Gradio's own default is one per function for everybody together.
CONCURRENT_EVENTS = 16
WAITING_EVENTS = 200
# Pages whose last values Gradio keeps (1 to 2 MB each, for every page that is opened); older ones are dropped, though they may
# still be open: nothing of ours lies there.
SESSIONS_KEPT = 40


def mount(api: "FastAPI") -> "FastAPI":
    """Add assets, pages and the frame around them to the application; returns the same application."""
    api.mount(ASSETS, Assets(directory=ASSET_FOLDER))
    api.add_route(SHARED_PATH, show_shared, methods=["GET"])
    api.add_route(SHARED_READ_PATH, read_shared, methods=["GET"])
    blocks = build_pages()
    add_early_answers(api, blocks)
    with warnings.catch_warnings():
        # Gradio warns that several routes rule out server-side rendering, which is off.
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)
        gr.mount_gradio_app(
            api,
            blocks,
            path="/",
            theme=make_theme(),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            show_error=False,
            allowed_paths=[],
            max_file_size="1kb",
            enable_monitoring=False,
            mcp_server=get_settings().mcp,
            auth_dependency=lambda request: request.scope.get("state", {}).get("user_id"),
        )
    api.add_middleware(FrameMiddleware, preloads=preloads_of(blocks))
    return api


def build_pages() -> gr.Blocks:
    """The Gradio application with a route for each page."""
    blocks: gr.Blocks
    with _no_application_per_page(), marking():
        with gr.Blocks(title=PRODUCT, analytics_enabled=False, fill_width=True) as blocks:
            _build(PAGES[0], blocks)
            add_verbs()
        for page in PAGES[1:]:
            with blocks.route(page.title, page.route, show_in_navbar=False):
                _build(page, blocks)
    # Makes the application that holds what queued listeners are doing; `mount_gradio_app` makes the one that is served.
    blocks.queue(default_concurrency_limit=CONCURRENT_EVENTS, max_size=WAITING_EVENTS, api_open=False)
    blocks.state_session_capacity = SESSIONS_KEPT
    return blocks


@contextmanager
def _no_application_per_page() -> Iterator[None]:
    """Keep Gradio from making an application, and the configuration of all pages so far, at the end of every page.

    Nobody serves those, and making them took nine tenths of the time in which the web process makes its pages.
    """
    create_app, get_config_file = App.create_app, gr.Blocks.get_config_file
    # A setting of the library's classes for a moment, of which its types know nothing.
    library: Any = App
    blocks_class: Any = gr.Blocks
    library.create_app = staticmethod(lambda blocks, **_: None)
    blocks_class.get_config_file = lambda blocks: {}
    try:
        yield
    finally:
        library.create_app, blocks_class.get_config_file = staticmethod(create_app), get_config_file


def _build(page: Page, blocks: gr.Blocks) -> None:
    with gr.Column(elem_id="content", elem_classes="page"):
        page.build(blocks)


def preloads_of(blocks: gr.Blocks) -> dict[str, Preload]:
    """What the components of each page need, by the page's path; the frame has it loaded while Gradio starts."""
    modules: dict[str, dict[str, None]] = {}
    for block in blocks.blocks.values():
        if isinstance(block, BrowserComponent):
            modules.setdefault("/" + block.page, {})[block.module] = None
    parts = early_parts(blocks)
    return {path: Preload(tuple(names), tuple(parts.get(path, ()))) for path, names in modules.items()}
