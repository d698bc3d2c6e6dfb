"""Rules that keep a Gradio application fast and safe for many people, held on the built application and on its source."""

import ast
import asyncio
import re
from collections.abc import AsyncIterator
from contextvars import Context
from functools import cache, partial
from pathlib import Path
from types import MethodType

import gradio as gr
import pytest

import studio_ui
from app.db import counted_commits, transaction
from app.failures import calm_error
from app.models import User
from studio_ui.app import build_pages
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import el
from studio_ui.components.page_state import PageState
from studio_ui.session import error_toast, handled, user_of
from tests.app.wire import ask

FOLDER = Path(studio_ui.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
# Of JavaScript: in one file, and in all of them. What Python can describe does not belong there.
MOST_LINES, MOST_LINES_IN_ALL = 400, 3000
# What programs may call by name. Everything else is private.
PUBLIC_VERBS = {
    "upload_data",
    "list_data",
    "read_report",
    "start_run",
    "list_runs",
    "read_run",
    "cancel_run",
    "compare_runs",
    "predict",
    "chat",
    "download_link",
}


@cache
def built() -> gr.Blocks:
    return build_pages()


def calls(name: str) -> list[str]:
    """Files in which `gr.<name>` is used."""
    return [path.name for path in SOURCES if re.search(rf"\bgr\.{name}\(", path.read_text("utf-8"))]


def test_javascript_stays_inside_components_and_small():
    scripts = {path: len(path.read_text("utf-8").splitlines()) for path in FOLDER.rglob("*.js")}
    assert {path.parent.name for path in scripts} == {"components"}
    assert {path.name: lines for path, lines in scripts.items() if lines > MOST_LINES} == {}
    assert sum(scripts.values()) <= MOST_LINES_IN_ALL


def test_no_state_lies_on_the_server():
    # A single gr.State opens a connection for every tab; a browser has six for all of them.
    kinds = {component["type"] for component in built().config["components"]}
    assert "state" not in kinds and calls("State") == []
    assert not any(fn.targets[0][1] == "unload" for fn in built().fns.values() if fn.targets)


def test_no_part_of_a_page_is_made_with_listeners_at_run_time():
    assert calls("render") == []


def test_fields_of_closed_accordions_are_there_before_they_are_opened():
    # Gradio writes first values into the fields of an opened accordion again, over what was typed since.
    assert calls("Accordion") == []
    assert all(block.get_config()["open"] == 0 for block in built().blocks.values() if isinstance(block, gr.Accordion))


def test_nothing_live_is_drawn_by_timer_and_plot():
    assert [calls(name) for name in ("Timer", "Plot", "LinePlot", "ScatterPlot", "BarPlot")] == [[]] * 5


def test_no_file_goes_through_the_routes_of_gradio():
    assert calls("File") == calls("UploadButton") == calls("FileExplorer") == []


def test_text_of_a_person_never_enters_a_template():
    for block in built().blocks.values():
        if isinstance(block, BrowserComponent):
            assert block.html_template.count("{") == 0 and block.css_template == ""
        elif isinstance(block, gr.HTML) and not isinstance(block, PageState):
            # Markup of our own that holds no data; written once when the page is built.
            assert block.js_on_load is None and block.value == block.html_template.replace("${value}", str(block.value))
    for path in SOURCES:
        used = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)]
        assert (
            path.name in ("app.py",)
            or path.parent.name == "components"
            or not any(node.attr == "HTML" for node in used)
        )


def test_one_person_never_waits_for_the_event_of_another():
    assert {fn.concurrency_limit for fn in built().fns.values()} <= {None}
    assert built().default_concurrency_limit == 16 if hasattr(built(), "default_concurrency_limit") else True


def test_configuration_of_the_pages_is_plain_json():
    # Gradio copies it for every page that is opened; a function in it would be copied with all that it is bound to.
    foreign = []

    def look(value: object, path: str) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                look(part, f"{path}.{name}")
        elif isinstance(value, list | tuple):
            for part in value:
                look(part, path)
        elif not isinstance(value, str | int | float | None):
            foreign.append(f"{path}: {type(value).__name__}")

    for component in built().config["components"]:
        look(component, str(component["type"]))
    assert foreign == []


def test_old_sessions_are_dropped():
    assert built().state_session_capacity == 40


def test_listeners_are_private_unless_they_are_named():
    shown = {str(fn.api_name) for fn in built().fns.values() if fn.api_visibility != "private"}
    assert shown == PUBLIC_VERBS


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_links_of_a_view_never_run_a_script(href):
    with pytest.raises(ValueError, match="does not begin with"):
        el("a", "here", href=href)


def test_elements_that_run_code_are_refused():
    with pytest.raises(ValueError, match="not among the elements"):
        el("script", "alert(1)")


def test_request_without_a_signed_in_person_is_refused():
    class Request:
        scope = {"state": {}}

    with pytest.raises(Exception, match="signed out"):
        user_of(Request())


def test_defects_reach_the_page_without_their_text():
    toast = error_toast(RuntimeError("password=hunter2"))
    assert "hunter2" not in toast.message and "log" in toast.message


def stores_and_breaks() -> None:
    with transaction() as session:
        session.add(User(name="saved", role="member"))
    raise RuntimeError("broken")


def as_function() -> None:
    handled(stores_and_breaks)()


def as_coroutine() -> None:
    async def listener() -> None:
        stores_and_breaks()

    asyncio.run(handled(listener)())


def as_stream() -> None:
    async def listener() -> AsyncIterator[str]:
        with transaction() as session:
            session.add(User(name="saved", role="member"))
        yield "first"
        raise RuntimeError("broken")

    async def read() -> None:
        stream = handled(listener)()
        await asyncio.create_task(anext(stream), context=Context())
        await asyncio.create_task(anext(stream), context=Context())

    asyncio.run(read())


@pytest.mark.usefixtures("studio_home")
@pytest.mark.parametrize("event", [as_function, as_coroutine, as_stream])
def test_defect_after_something_was_saved_says_so_for_events_outside_of_their_request(event):
    with pytest.raises(gr.Error, match="was saved"):
        Context().run(event)


@pytest.mark.usefixtures("studio_home")
def test_defect_after_an_event_knows_what_the_event_saved():
    with counted_commits():
        with pytest.raises(gr.Error):
            handled(stores_and_breaks)()
        assert calm_error(RuntimeError("afterwards")).details["saved"]


def test_session_of_another_person_is_refused_for_server_functions(web, cookie):
    body = b'{"data": {}, "component_id": 1, "session_hash": "%s", "fn_name": "describe_view"}'
    headers = {**cookie, "content-type": "application/json", "origin": "http://127.0.0.1:7860"}
    mine = ask(web, "POST", "/gradio_api/component_server", headers=headers, body=body % b"mine1")
    assert mine.status != 404 or b"session_not_found" not in mine.body
    assert ask(web, "POST", "/gradio_api/component_server", body=body % b"mine1").status == 401


def test_configuration_that_is_copied_for_every_page_holds_no_events_and_no_methods():
    # One of them reaches all of the application; copying it took half a minute for each page.
    for component in built().config["components"]:
        held = {name for name, value in component["props"].items() if isinstance(value, partial | MethodType)}
        assert not held, (component["type"], component["props"].get("elem_id"), held)
