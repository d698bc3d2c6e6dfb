"""The main job by hand in Chromium: from a labelled file to a tuned adapter, with the real worker and trainer."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.steps import QUESTIONS, decline_folds, open_settings, wait_for_end
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
    open_settings(page)
    page.fill("#method-rank input", "4")
    page.click("#step-next:enabled")
    page.wait_for_selector(".step-title:has-text('Ready to start')")
    page.click("#step-next:enabled")
    return wait_for_end(page)


def _percent(words: str) -> float:
    return float(re.search(r"([\d.]+)\s*%", words)[1])


def test_run_page_shows_the_result(page: Page, first_run: str, studio_up: Up) -> None:
    page.goto(f"{studio_up.address}/run?id={first_run}")
    expect(page.locator("#tile-accuracy")).to_contain_text("Test accuracy")
    reached = _percent(page.inner_text("#tile-accuracy .tile-value"))
    majority = _percent(page.inner_text("#tile-baselines [data-baseline=majority]").split(": ")[1])
    # How far above depends on the processor: sums of floating point numbers come out a little differently on each.
    assert reached > majority
    expect(page.locator("#run-verdicts li").first).to_be_visible()
    page.click("#panel-confusion-button")
    matrix = page.locator("#confusion-matrix tbody tr")
    expect(matrix).to_have_count(5)
    cells = [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in matrix.all()]
    right, rows = sum(cells[n][n] for n in range(len(cells))), sum(map(sum, cells))
    assert all(len(row) == 5 for row in cells)
    assert abs(100 * right / rows - reached) < 0.1
    page.click("#panel-examples-button")
    everything = page.locator("#panel-examples [data-only=all]")
    expect(everything).to_contain_text("All (")
    everything.click()
    expect(page.locator("#panel-examples [role=status]")).to_contain_text(f"{rows} of {rows} rows")
    page.click("#panel-log-button")
    expect(page.locator("#log-events li").first).to_be_visible()


def test_two_runs_are_compared_beside_the_base_model(
    page: Page, first_run: str, second_run: str, studio_up: Up
) -> None:
    page.goto(f"{studio_up.address}/runs")
    for run in (first_run, second_run):
        page.check(f"#runs-table tr:has(a[href*='{run}']) input[type=checkbox]")
    page.click("#runs-compare:enabled")
    # Majority class, TF-IDF + logistic regression, nearest neighbours and linear probe stand beside the two runs.
    expect(page.locator("#compare-table tr[data-key='test/accuracy'] td")).to_have_text([re.compile("%")] * 6)
    settings = page.locator("#compare-settings-table")
    expect(settings).to_contain_text(re.compile(r"Rank.*\b16\b.*\b4", re.DOTALL), use_inner_text=True)
    expect(settings).not_to_contain_text(re.compile("Batch|Alpha"), use_inner_text=True)


def test_the_playground_answers_side_by_side(page: Page, first_run: str, second_run: str, studio_up: Up) -> None:
    page.goto(f"{studio_up.address}/playground?models={first_run},{second_run}")
    text = CLINIC[1].rpartition(",")[0].strip('"')
    page.wait_for_selector("#pane-1")
    page.get_by_label("Your texts").fill(text)
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_contain_text("1 text answered", timeout=60_000)
    panes = page.locator("#playground-panes .reply")
    expect(panes).to_have_count(2)
    for pane in panes.all():
        # One bar for each label.
        bars = pane.locator(".bar-number")
        expect(bars).to_have_count(5)
        shares = [_percent(words) for words in bars.all_inner_texts()]
        assert abs(sum(shares) - 100) < 0.5 and shares == sorted(shares, reverse=True)


def test_a_whole_file_is_answered(page: Page, first_run: str, studio_up: Up, tmp_path: Path) -> None:
    letters = tmp_path / "letters.csv"
    # A label that the person gave, to compare with; the text stands in a column of another name.
    letters.write_text("message,given\n" + "".join(f"{line}\n" for line in CLINIC[1:41]), "utf-8")
    page.goto(f"{studio_up.address}/batch?model={first_run}")
    page.wait_for_selector("#data-file-choose:enabled")
    page.set_input_files("#data-file", letters)
    page.locator("#batch-column-0 input").click()
    page.get_by_role("option", name="message").click()
    page.click("#batch-start")
    with page.expect_download(timeout=120_000) as caught:
        page.locator("#batch-files a", has_text="Download the answers").click(timeout=120_000)
    rows = list(csv.DictReader(io.StringIO(Path(caught.value.path()).read_text("utf-8-sig"))))
    assert len(rows) == 40 and all(0.2 <= float(row["probability"]) <= 1 for row in rows)
    # The run has learned from most of these rows; one label in five would be right by chance.
    assert sum(row["predicted_label"] == row["given"] for row in rows) >= 20
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#batch-files li")).to_have_count(0)


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
    expect(page.locator("#tile-accuracy")).to_contain_text("Test accuracy")
    before = page.inner_text("#run-tiles")
    again = browser.new_context(storage_state=page.context.storage_state()).new_page()
    again.set_default_timeout(30_000)
    again.goto(f"{studio_up.address}/run?id={first_run}")
    expect(again.locator("#run-tiles")).to_have_text(before, use_inner_text=True)
    again.context.close()
