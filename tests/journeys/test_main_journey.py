"""The main job by hand in Chromium: from a labelled file to a tuned adapter, with the real worker and trainer."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.steps import QUESTIONS, decline_folds, wait_for_end
from tests.studio.processes import Up

ROOT = Path(__file__).resolve().parents[2]
CLINIC = (ROOT / "app" / "samples" / "clinic_messages.csv").read_text(encoding="utf-8").splitlines(keepends=True)
# Half of the sample is enough to be far above the majority class, and for LoRA to be recommended.
FILE = {"name": "clinic_messages.csv", "mimeType": "text/csv", "buffer": "".join(CLINIC[:151]).encode()}


@pytest.fixture(scope="module")
def first_run(studio_up: Up, page: Page) -> str:
    """Id of the run that a few clicks started from an uploaded file, tested on its own test rows, finished."""
    page.goto(f"{studio_up.address}/datasets")
    page.set_input_files("#data-file", FILE)
    page.click("#report-tune")
    for question in QUESTIONS:
        page.wait_for_selector(f".step-title:has-text('{question}')")
        if question == "Ready to start":
            decline_folds(page)
        page.click("#step-next:enabled")
    return wait_for_end(page)


@pytest.fixture(scope="module")
def second_run(studio_up: Up, page: Page, first_run: str) -> str:
    """Id of a clone of the first run with one setting changed, finished."""
    page.goto(f"{studio_up.address}/run?id={first_run}")
    page.click("#run-clone")
    page.wait_for_selector(".step-title:has-text('thoroughly')")
    page.click("#all-settings > button")
    page.fill("#method-rank input", "4")
    page.click("#step-next:enabled")
    page.wait_for_selector(".step-title:has-text('Ready to start')")
    page.click("#step-next:enabled")
    return wait_for_end(page)


def _percent(words: str) -> float:
    return float(re.search(r"([\d.]+)\s*%", words)[1])


def test_run_page_shows_the_result(page: Page, first_run: str, studio_up: Up) -> None:
    page.goto(f"{studio_up.address}/run?id={first_run}")
    page.wait_for_selector("#tile-accuracy:has-text('Test accuracy')")
    reached = _percent(page.inner_text("#tile-accuracy .tile-value"))
    majority = _percent(page.inner_text("#tile-baselines [data-baseline=majority]").split(": ")[1])
    assert reached > majority + 20
    assert page.locator("#run-verdicts li").count() >= 1
    page.click("#panel-confusion-button")
    page.wait_for_selector("#confusion-matrix tbody tr")
    matrix = page.locator("#confusion-matrix tbody tr")
    cells = [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in matrix.all()]
    right, rows = sum(cells[n][n] for n in range(len(cells))), sum(map(sum, cells))
    assert len(cells) == 5 and all(len(row) == 5 for row in cells)
    assert abs(100 * right / rows - reached) < 0.1
    page.click("#panel-examples-button")
    page.wait_for_function("document.querySelector('#panel-examples .segments')?.innerText.includes('All (')")
    page.click("[data-only=all]")
    page.wait_for_selector(f"#panel-examples [role=status]:has-text('{rows} of {rows} rows')")
    page.click("#panel-log-button")
    page.wait_for_selector("#log-events li")


def test_two_runs_are_compared_beside_the_base_model(
    page: Page, first_run: str, second_run: str, studio_up: Up
) -> None:
    page.goto(f"{studio_up.address}/runs")
    for run in (first_run, second_run):
        page.check(f"#runs-table tr:has(a[href*='{run}']) input[type=checkbox]")
    page.click("#runs-compare:enabled")
    page.wait_for_selector("#compare-table tbody tr")
    accuracy = page.locator("#compare-table tr[data-key='test/accuracy'] td").all_inner_texts()
    # Majority class, TF-IDF + logistic regression, nearest neighbours and linear probe stand beside the two runs.
    assert len(accuracy) == 6 and all("%" in cell for cell in accuracy)
    settings = page.inner_text("#compare-settings-table")
    assert "Rank" in settings and "16" in settings and "4" in settings
    assert "Batch" not in settings and "Alpha" not in settings


def test_the_playground_answers_side_by_side(page: Page, first_run: str, second_run: str, studio_up: Up) -> None:
    page.goto(f"{studio_up.address}/playground?models={first_run},{second_run}")
    text = CLINIC[1].rpartition(",")[0].strip('"')
    page.wait_for_selector("#pane-1")
    page.get_by_label("Your texts").fill(text)
    page.click("#playground-ask")
    page.wait_for_selector("#playground-status:has-text('1 text answered')", timeout=60_000)
    panes = page.locator("#playground-panes .reply")
    assert panes.count() == 2
    for pane in panes.all():
        shares = [_percent(words) for words in pane.locator(".bar-number").all_inner_texts()]
        assert abs(sum(shares) - 100) < 0.5 and shares == sorted(shares, reverse=True)


def test_the_download_is_an_adapter_in_pefts_format(page: Page, first_run: str, studio_up: Up) -> None:
    page.goto(f"{studio_up.address}/run?id={first_run}")
    with page.expect_download() as caught:
        page.click("#run-download")
    archive = zipfile.ZipFile(io.BytesIO(Path(caught.value.path()).read_bytes()))
    names = {Path(name).name for name in archive.namelist()}
    assert {"adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json", "use_me.py"} <= names
    config = next(name for name in archive.namelist() if name.endswith("adapter_config.json"))
    assert json.loads(archive.read(config))["peft_type"] == "LORA"


def test_closing_the_browser_changes_nothing(page: Page, first_run: str, browser: Browser, studio_up: Up) -> None:
    """What one page shows, another page of the same person shows tomorrow."""
    page.goto(f"{studio_up.address}/run?id={first_run}")
    page.wait_for_selector("#tile-accuracy:has-text('Test accuracy')")
    before = page.inner_text("#run-tiles")
    again = browser.new_context(storage_state=page.context.storage_state()).new_page()
    again.goto(f"{studio_up.address}/run?id={first_run}")
    again.wait_for_selector("#tile-accuracy:has-text('Test accuracy')")
    assert again.inner_text("#run-tiles") == before
    again.context.close()
