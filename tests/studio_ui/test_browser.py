"""The pages in Chromium: no complaint in the console, nothing wider than the screen, a keyboard is enough."""

import re

import pytest

from app.services.accounts import accounts
from app.services.datasets import datasets
from tests.studio_ui.conftest import NARROW

LABELS = ("card", "refund", "pin")
ROWS = [f"My question number {n} about the {LABELS[n % 3]},{LABELS[n % 3]}" for n in range(120)]
CSV = "\n".join(["text,label", *ROWS, ",card", ",pin"]).encode()
FILE = {"name": "questions.csv", "mimeType": "text/csv", "buffer": CSV}
CLEAN = {**FILE, "buffer": "\n".join(["text,label", *ROWS]).encode()}


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


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


def test_an_upload_shows_its_report(signed_in):
    watched = signed_in(NARROW)
    page = watched.open("/datasets")
    page.set_input_files("#data-file", FILE)
    page.wait_for_selector("#report-preview")
    assert "120 usable rows, 2 need attention." in page.inner_text("#report-verdict")
    assert "lines 122, 123" in page.inner_text("#report-problems")
    page.wait_for_selector("#report-labels li")
    assert page.locator("#report-labels li").count() == 3
    assert page.locator("#report-preview tbody tr").count() == 20
    assert page.input_value("#report-column-0") == "text" and page.input_value("#report-column-1") == "label"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.reload()
    page.wait_for_selector("#report-preview")
    assert watched.complaints == []


def test_another_mapping_is_checked_again(signed_in):
    page = signed_in().open("/datasets")
    rows = "\n".join(["a,b,c", *(f"text {n} of many,{n % 2},{'x' if n % 3 else 'y'}" for n in range(60))]).encode()
    page.set_input_files("#data-file", {**FILE, "name": "three.csv", "buffer": rows})
    # Two columns could be the label, so the page asks.
    page.locator(".question-option button").first.click()
    page.wait_for_selector("#report-answered")
    page.wait_for_selector("#report-recheck:disabled")
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
        page.wait_for_selector(f".step-title:has-text('{question}')")
        page.click("#step-next:enabled")
        clicks += 1
    page.wait_for_url("**/run?id=*")
    assert clicks <= 6
    page.wait_for_selector("#run-state .chip")
    assert watched.complaints == []


def test_the_wizard_survives_a_reload_and_the_back_button(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=settings")
    page.click("#all-settings > button")
    page.fill("#training-epochs input", "0")
    page.wait_for_selector("#training-epochs-wrong:has-text('Allowed')")
    page.wait_for_selector("#step-missing:has-text('Epochs (passes over the data)')")
    page.fill("#training-epochs input", "7")
    page.click("#step-next")
    page.wait_for_selector("#review-cost .tile")
    assert "Epochs (passes over the data) 7" in page.inner_text("#review-summary")
    page.reload()
    page.wait_for_selector("#review-cost .tile")
    assert "Epochs (passes over the data) 7" in page.inner_text("#review-summary")
    page.go_back()
    page.wait_for_selector("#training-epochs")
    assert page.input_value("#training-epochs input") == "7"


def test_presets_fill_the_form_and_defaults_come_back(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=settings")
    assert page.is_checked("#preset-balanced")
    page.check("#preset-quick")
    page.click("#all-settings > button")
    page.wait_for_function("document.querySelector('#training-epochs input')?.value === '1'")
    page.click("#training-epochs .link")
    page.wait_for_function("document.querySelector('#training-epochs input')?.value === '3'")
    page.wait_for_selector("#preset-balanced:checked")


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
    assert page.input_value("#method-rank input") == "4" and page.input_value("#training-epochs input") == "5"
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
    assert page.evaluate("window.bitten") is None and page.locator("#datasets-page img, #datasets-page b").count() == 0
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
    assert page.is_visible("header:has-text('Fine-tuning studio')")
    assert "You are signed out" in page.inner_text("h1") and "studio link" in page.inner_text("main")


def test_pasted_link_signs_in_again(signed_in, studio):
    watched = signed_in()
    page = watched.open("/")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")
    page.get_by_label("Sign-in link").fill(
        f"{studio.address}/sign-in?token={accounts.create_sign_in_link(studio.owner)}"
    )
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#tune")
    assert watched.complaints == [] and watched.foreign == []
