"""The pages in Chromium: no complaint in the console, nothing wider than the screen, a keyboard is enough."""

import re

import pytest

from app.services.datasets import datasets
from studio_ui.pages import PAGES
from tests.studio_ui.conftest import NARROW, WIDE

LABELS = ("card", "refund", "pin")
ROWS = [f"My question number {n} about the {LABELS[n % 3]},{LABELS[n % 3]}" for n in range(120)]
CSV = "\n".join(["text,label", *ROWS, ",card", ",pin"]).encode()
FILE = {"name": "questions.csv", "mimeType": "text/csv", "buffer": CSV}
CLEAN = {**FILE, "buffer": "\n".join(["text,label", *ROWS]).encode()}


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


# Colours do not change widths, and widths no colours: each of the four is seen once.
@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide-light", "narrow-dark"])
def test_every_page_loads_without_errors_and_fits_the_screen(signed_in, sample, size, scheme):
    watched = signed_in(size, color_scheme=scheme)
    for page in PAGES:
        opened = watched.open(page.path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= size["width"], page.path
        assert opened.locator("#content h1, #content .empty-title").first.is_visible(), page.path
        dark = opened.evaluate("document.documentElement.classList.contains('dark')")
        assert dark == (scheme == "dark")
    assert watched.complaints == [] and watched.foreign == []


def test_the_main_button_is_reached_by_keyboard(signed_in):
    page = signed_in().open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "tune":
            break
    assert page.evaluate("document.activeElement.id") == "tune"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/new*")


def test_the_skip_link_stays_on_its_page(signed_in):
    page = signed_in().open("/runs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    assert page.url.endswith("/runs")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_upload_shows_its_report(signed_in, size):
    watched = signed_in(size)
    page = watched.open("/datasets")
    page.set_input_files("#data-file", FILE)
    page.wait_for_selector("#report-preview")
    assert "120 usable rows, 2 need attention." in page.inner_text("#report-verdict")
    assert "lines 122, 123" in page.inner_text("#report-problems")
    assert page.locator("#report-labels li").count() == 3
    assert page.locator("#report-preview tbody tr").count() == 20
    assert page.input_value("#report-column-0") == "text" and page.input_value("#report-column-1") == "label"
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.reload()
    page.wait_for_selector("#report-preview")
    assert watched.complaints == []


def test_another_mapping_is_checked_again(signed_in):
    page = signed_in().open("/datasets")
    rows = "\n".join(["a,b,c", *(f"text {n} of many,{n % 2},{'x' if n % 3 else 'y'}" for n in range(60))]).encode()
    page.set_input_files("#data-file", {**FILE, "name": "three.csv", "buffer": rows})
    page.wait_for_selector("#report-preview")
    assert page.is_disabled("#report-recheck")
    # The columns are a, b and c in this order; the label is one of the last two.
    other = 1 if page.input_value("#report-column-2") == "label" else 2
    page.select_option(f"#report-column-{other}", "label")
    assert page.input_value(f"#report-column-{3 - other}") == ""
    page.click("#report-recheck")
    page.wait_for_selector("#report :text('version 2')")
    assert page.input_value(f"#report-column-{other}") == "label"


def test_a_bad_file_is_refused_with_code_and_remedy(signed_in):
    page = signed_in().open("/datasets")
    page.set_input_files("#data-file", {**FILE, "name": "empty.csv", "buffer": b""})
    page.wait_for_selector(".refused .verdict-error")
    words = page.inner_text(".refused")
    assert "empty.csv" in words and "empty_file" in words and len(page.inner_text(".refused .banner-hint")) > 10
    assert page.locator("#report").count() == 0
    page.set_input_files("#data-file", FILE)
    page.wait_for_selector("#report-preview")


def test_six_clicks_from_file_to_queued_run(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    page.set_input_files("#data-file", CLEAN)
    page.click("#report-tune")
    clicks = 1
    for question in ("learn to do", "Which base model", "Which tuning method", "thoroughly", "Ready to start"):
        page.wait_for_selector(f"#step-title:has-text('{question}')")
        page.click("#step-next:enabled")
        clicks += 1
    page.wait_for_url("**/run?id=*")
    assert clicks <= 6
    page.wait_for_selector("#run-state .chip")
    assert watched.complaints == []


def test_the_wizard_survives_a_reload_and_the_back_button(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=settings")
    page.click(".all-settings summary")
    page.fill("#training-epochs", "0")
    assert "Allowed" in page.inner_text("#training-epochs-wrong")
    assert "Epochs (passes over the data)" in page.inner_text("#step-missing")
    page.fill("#training-epochs", "7")
    page.click("#step-next")
    page.wait_for_selector("#review-cost .tile")
    assert "Epochs (passes over the data) 7" in page.inner_text("#review-summary")
    page.reload()
    page.wait_for_selector("#review-cost .tile")
    assert "Epochs (passes over the data) 7" in page.inner_text("#review-summary")
    page.go_back()
    page.wait_for_selector("#training-epochs")
    assert page.input_value("#training-epochs") == "7"


def test_presets_fill_the_form_and_defaults_come_back(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=settings")
    assert page.is_checked("#preset-balanced")
    page.check("#preset-quick")
    page.click(".all-settings summary")
    assert page.input_value("#training-epochs") == "1"
    page.click(".setting:has(#training-epochs) .link")
    assert page.input_value("#training-epochs") == "3" and page.is_checked("#preset-balanced")


def test_a_clone_brings_its_settings(signed_in, sample, studio):
    from app.services.runs import runs

    run = runs.submit(
        studio.owner,
        runs.RunRequest(
            dataset_id=sample.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora", "rank": 4},
            training={"epochs": 5},
        ),
    )
    page = signed_in().open(f"/new?clone={run.id}")
    assert page.input_value("#method-rank") == "4" and page.input_value("#training-epochs") == "5"
    assert re.search(r"dataset=.*step=settings", page.url)


def test_a_sample_is_one_click_away(signed_in):
    watched = signed_in()
    page = watched.open("/")
    page.click("[data-sample] >> nth=0")
    page.wait_for_url("**/datasets?id=*")
    page.wait_for_selector("#report-verdict")
    assert watched.complaints == []


def test_texts_of_the_data_stay_texts(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    evil = [f"<img src=x onerror=window.bitten=1> {n},<b>{'x' if n % 2 else 'y'}</b>" for n in range(40)]
    page.set_input_files("#data-file", {**FILE, "buffer": "\n".join(["text,label", *evil]).encode()})
    page.wait_for_selector("#report-preview")
    assert page.evaluate("window.bitten") is None and page.locator("#report img, #report b").count() == 0
    assert watched.complaints == []


def test_unknown_page_links_to_home(signed_in):
    watched = signed_in()
    page = watched.page
    page.goto(f"{watched.studio.address}/nowhere")
    page.click("text=Go to Home")
    page.wait_for_selector("#tune")


def test_signing_out_ends_here(signed_in):
    page = signed_in().open("/")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")
