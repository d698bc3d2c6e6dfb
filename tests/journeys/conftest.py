"""A whole studio with its real trainer, and a browser beside it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.studio.processes import Up, start_up, stop

# What a page may take on two busy cores; a fault that lasts is found all the same.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def studio_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`studio up` as a newcomer starts it; interrupted at the end."""
    folder = tmp_path_factory.mktemp("journey") / "data"
    up = start_up(folder, STUDIO_TRAINER_MODULE="worker.trainer", STUDIO_MCP="1")
    yield up
    stop(up)


@pytest.fixture(scope="package")
def sign_in_state() -> dict[str, Any]:
    """The cookie that the first journey got for its link, which works once; the next journeys come back with it."""
    return {}


@pytest.fixture(scope="module")
def page(studio_up: Up, browser: Browser, sign_in_state: dict[str, Any]) -> Iterator[Page]:
    """One signed-in page for the whole journey; nothing may be wrong in its console."""
    size = {"width": 1280, "height": 860}
    context = browser.new_context(viewport=size, accept_downloads=True, storage_state=sign_in_state.get("kept"))
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{studio_up.address}/" + ("" if sign_in_state else f"sign-in?token={studio_up.token}"))
    opened.wait_for_selector("#tune")
    sign_in_state["kept"] = context.storage_state()
    yield opened
    assert complaints == []
    context.close()
