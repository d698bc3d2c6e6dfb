"""The pages in Chromium: no complaint in the console, nothing wider than the screen, a keyboard is enough."""

import re

import pytest
from playwright.sync_api import expect

from app.services.accounts import accounts
from app.services.datasets import datasets
from tests.journeys.steps import open_settings
from tests.studio_ui.conftest import NARROW, expect_focus, expect_to_fit

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
    expect_focus(page, ".skip-link")
    expect(page.locator("#tune")).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "tune":
            break
    expect(page.locator("#tune")).to_be_focused()
    expect(page.locator("#tune")).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new*")


def test_the_skip_link_stays_on_its_page(signed_in):
    page = signed_in().open("/runs")
    page.keyboard.press("Tab")
    expect_focus(page, ".skip-link")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    assert page.url.endswith("/runs")


def test_an_upload_shows_its_report(signed_in):
    watched = signed_in(NARROW)
    page = watched.open("/datasets")
    page.set_input_files("#data-file", FILE)
    expect(page.locator("#report-verdict")).to_contain_text("120 usable rows, 2 need attention.")
    expect(page.locator("#report-problems")).to_contain_text("lines 122, 123")
    expect(page.locator("#report-labels li")).to_have_count(3)
    expect(page.locator("#report-preview tbody tr")).to_have_count(20)
    expect(page.locator("#report-column-0")).to_have_value("text")
    expect(page.locator("#report-column-1")).to_have_value("label")
    expect_to_fit(page)
    page.reload()
    expect(page.locator("#report-preview tbody tr")).to_have_count(20)
    assert watched.complaints == []


def test_another_mapping_is_checked_again(signed_in):
    page = signed_in().open("/datasets")
    rows = "\n".join(["a,b,c", *(f"text {n} of many,{n % 2},{'x' if n % 3 else 'y'}" for n in range(60))]).encode()
    page.set_input_files("#data-file", {**FILE, "name": "three.csv", "buffer": rows})
    # Two columns could be the label, so the page asks.
    page.locator(".question-option button").first.click()
    page.wait_for_selector("#report-answered")
    expect(page.locator("#report-recheck")).to_be_disabled()
    # The columns are a, b and c in this order; the label is one of the last two.
    other = 1 if page.input_value("#report-column-2") == "label" else 2
    page.select_option(f"#report-column-{other}", "label")
    expect(page.locator(f"#report-column-{3 - other}")).to_have_value("")
    page.click("#report-recheck")
    page.wait_for_selector("#report :text('version 2')")
    expect(page.locator("#report-recheck")).to_be_disabled()
    expect(page.locator(f"#report-column-{other}")).to_have_value("label")


def test_a_bad_file_is_refused_with_code_and_remedy(signed_in):
    page = signed_in().open("/datasets")
    page.set_input_files("#data-file", {**FILE, "name": "empty.csv", "buffer": b""})
    page.wait_for_selector(".refused .verdict-error")
    expect(page.locator(".refused")).to_contain_text("empty.csv")
    expect(page.locator(".refused")).to_contain_text("empty_file")
    expect(page.locator(".refused .banner-hint")).to_have_text(re.compile(".{11}"))
    expect(page.locator("#report")).to_have_count(0)
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
    open_settings(page)
    page.fill("#training-epochs input", "0")
    page.wait_for_selector("#training-epochs-wrong:has-text('Allowed')")
    page.wait_for_selector("#step-missing:has-text('Epochs (passes over the data)')")
    page.fill("#training-epochs input", "7")
    # What was typed is kept for a reload once its answer has come.
    expect(page.locator("#step-missing")).to_have_text("")
    page.click("#step-next")
    expect(page.locator("#review-summary")).to_contain_text("Epochs (passes over the data) 7", use_inner_text=True)
    page.reload()
    expect(page.locator("#review-summary")).to_contain_text("Epochs (passes over the data) 7", use_inner_text=True)
    expect(page.locator("#review-cost .tile").first).to_be_visible()
    page.go_back()
    expect(page.locator("#training-epochs input")).to_be_visible()
    expect(page.locator("#training-epochs input")).to_have_value("7")


def test_presets_fill_the_form_and_defaults_come_back(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=settings")
    expect(page.locator("#preset-balanced")).to_be_checked()
    page.check("#preset-quick")
    open_settings(page)
    expect(page.locator("#training-epochs input")).to_have_value("1")
    page.click("#training-epochs .link")
    expect(page.locator("#training-epochs input")).to_have_value("3")
    expect(page.locator("#preset-balanced")).to_be_checked()


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
    expect(page.locator("#method-rank input")).to_have_value("4")
    expect(page.locator("#training-epochs input")).to_have_value("5")
    expect(page).to_have_url(re.compile(r"dataset=.*step=settings"))


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
    expect(page.locator("#report-preview tbody tr")).to_have_count(20)
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
    expect(page.locator("header", has_text="Fine-tuning studio")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("You are signed out")
    expect(page.locator("main")).to_contain_text("studio link")


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
