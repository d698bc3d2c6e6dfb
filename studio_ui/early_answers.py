"""The first answers of a page's views, asked for by the page's head while Gradio still starts.

A view asks its server function when Gradio has mounted it, half a second after the page's HTML has come. The frame names the
views that show at once, a line of the head asks this route for each, and the view takes the answer that is under way.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio_ui.components.view import View
from studio_ui.session import user_of

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/views"
# `early` holds promises by the component's number; `view.js` takes each once.
ASK = (
    "window.early={{}};for(const part of {parts})early[part]=fetch('{path}/'+part+location.search)"
    ".then((answer)=>answer.ok?answer.json():null).catch(()=>null)"
)
# Children of these are mounted when they are shown first.
LAZY = (gr.Tab, gr.Step)


def add_early_answers(api: "FastAPI", blocks: gr.Blocks) -> None:
    """Add the route that answers for the views of these pages."""
    views = {view._id: view for view in blocks.blocks.values() if isinstance(view, View) and view.answer_with}

    async def answer(request: Request) -> Response:
        view = views.get(int(request.path_params["part"]))
        if view is None:
            return Response(status_code=404)
        query = dict(request.query_params)
        return JSONResponse(await to_thread.run_sync(view.answer, user_of(request), query))

    api.add_route(PATH + "/{part:int}", answer, methods=["GET"])


def early_parts(blocks: gr.Blocks) -> dict[str, list[int]]:
    """The numbers of the views that show at once, by the page's path."""
    found: dict[str, list[int]] = {}
    for view in blocks.blocks.values():
        if isinstance(view, View) and view.answer_with and view.visible is True and not _is_lazy(view):
            found.setdefault("/" + view.page, []).append(view._id)
    return found


def _is_lazy(view: View) -> bool:
    parent = view.parent
    while parent is not None:
        if isinstance(parent, LAZY) or parent.visible is False:
            return True
        parent = parent.parent
    return False


def script(parts: Sequence[int]) -> str:
    """The line of the head."""
    return f"<script>{ASK.format(parts=json.dumps(list(parts)), path=PATH)}</script>" if parts else ""
