"""From a file with defects to a run on what is left: rows with errors wait for a decision, one click takes it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import open_settings, wait_for_end
from tests.studio.processes import Up


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred rows, eight of them with an error."""
    path = tmp_path_factory.mktemp("defects") / "messages.csv"
    rows = [
        f"message {n} about the lost card,card" if n % 2 else f"message {n} about a new loan,loan" for n in range(192)
    ]
    path.write_text("\n".join(["text,label", *rows, *[",card"] * 4, *["a message without a label,"] * 4]) + "\n")
    return path


def test_rows_with_errors_are_left_out_and_the_rest_is_trained_on(studio_up: Up, page: Page, file: Path) -> None:
    page.goto(f"{studio_up.address}/datasets")
    page.set_input_files("#data-file", file)
    expect(page.locator("#report-verdict")).to_contain_text("8 need attention")
    page.click("#report-tune")
    page.wait_for_selector(".step-title:has-text('learn to do')")
    page.click("#wizard [data-tab-id='5']")
    expect(page.locator("#rows-undecided")).to_contain_text("8 rows have errors")
    expect(page.locator(".step-actions")).to_contain_text("a decision about 8 rows with errors")
    expect(page.locator("#step-next")).to_be_disabled()
    page.click("#rows-leave-out")
    expect(page.locator("#step-next")).to_be_enabled()
    expect(page.locator("#rows-undecided")).to_have_count(0)
    page.click("#wizard [data-tab-id='4']")
    open_settings(page)
    page.fill("#training-epochs input", "0.1")
    page.fill("#training-max_length input", "32")
    page.keyboard.press("Tab")
    page.click("#wizard [data-tab-id='5']")
    page.wait_for_selector(".step-title:has-text('Ready to start')")
    page.click("#step-next:enabled")
    wait_for_end(page)
    dataset = page.evaluate("fetch('/api/v1/datasets').then((answer) => answer.json())")["datasets"][0]
    assert (dataset["version"], dataset["usable_rows"], dataset["change"]["counts"]) == (2, 192, {"excluded": 8})
