"""Components in a Blocks that is not the studio's: no frame, no style sheets, nothing but their own files and a person's name."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from studio_ui.asset_files import ASSET_FOLDER, ASSETS, Assets
from studio_ui.components.accordion import Accordion
from studio_ui.components.choice import Choice
from studio_ui.components.confusion_matrix import ConfusionMatrix, Matrix
from studio_ui.components.curves import Chart, CurveNews, Curves, Line
from studio_ui.components.pareto import Cost, Pareto, ParetoPoint, ParetoPoints
from studio_ui.components.pick_list import PickList

METHODS = [
    {"value": f"m{at}", "title": f"Method {at}", "words": f"Does {at}.", "note": f"{at} min"} for at in range(1, 11)
]
LABELS = ["<b>yes</b>", "no"]
COSTS = [Cost("seconds", "Training time", "seconds"), Cost("size", "Download", "bytes")]
POINTS = [
    ParetoPoint("a", "LoRA <i>small</i>", 0, 0.91, (0.88, 0.94), {"seconds": 60.0, "size": 2e6}),
    ParetoPoint("b", "Full", 1, 0.92, None, {"seconds": 2400.0, "size": 9e6}),
    ParetoPoint("c", "Slow and bad", 2, 0.70, None, {"seconds": 3000.0, "size": 1e6}),
]
METRIC = {"key": "accuracy", "title": "Accuracy", "unit": "share", "higher_is_better": True}
SHARPER = {"trigger_mode": "multiple", "show_progress": "hidden"}


def somebodys_blocks() -> gr.Blocks:
    """Each component with a box that shows what it sends."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        methods = PickList(["m2"], title="Methods", noun="method", choices=METHODS)
        _echo(methods.input, methods, "picked")
        choice = Choice(["one", "two"], value="one", label="Which")
        _echo(choice.input, choice, "chosen")
        with Accordion("More", open=False, elem_id="more"):
            gr.Textbox("as it was", label="Motto")
        matrix = ConfusionMatrix(lambda user, query: Matrix(LABELS, [[7, 1], [2, 5]]))
        _echo(matrix.select, matrix, "cell")
        Pareto(lambda user, query: ParetoPoints(METRIC, 0.5, POINTS), costs=COSTS)
        Curves(_curves, prefix="mine")
    return blocks


def _echo(event: Any, component: Any, name: str) -> None:
    event_text = gr.Textbox(label=name)
    event(lambda value: json.dumps(value), component, event_text, **SHARPER)


def _curves(user_id: str, query: Any, after: int | None) -> CurveNews:
    points = [[step, 4.0 / step, float(60 * step)] for step in range(1, 41)]
    charts = [Chart(f"Loss of {user_id}", [Line("loss", "training", smooth=True)])]
    first = CurveNews({"loss": points}, 40, charts=charts, marks=[], steps_per_pass=10)
    return first if after is None else CurveNews({}, 40)


class _Somebody:
    """Names the person of every request, as the gate of the studio does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["user_id"] = "anna"
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def foreign_address() -> Iterator[str]:
    """Where somebody's Blocks is served."""
    api = FastAPI()
    api.mount(ASSETS, Assets(directory=ASSET_FOLDER))
    gr.mount_gradio_app(api, somebodys_blocks(), path="/", ssr_mode=False)
    api.add_middleware(_Somebody)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            thread.join(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def foreign(foreign_address: str, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens somebody's page with these query parameters; no error may be reported by then or at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    errors: list[str] = []

    def open_page(query: str = "") -> Page:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{foreign_address}/{query}")
        page.wait_for_function("document.querySelectorAll('.browser-component:not([aria-busy])').length === 4")
        return page

    yield open_page
    context.close()
    assert errors == []
