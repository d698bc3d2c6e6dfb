"""The method step of the wizard: the recommended method first with its reason, special ones behind a disclosure."""

import os

import pytest
from playwright.sync_api import expect

from app.catalog.methods import METHODS
from app.services.datasets import datasets
from tests.journeys.steps import open_settings
from tests.studio_ui.conftest import NARROW, expect_to_fit

SHOTS = os.environ.get("STUDIO_SHOTS")
SPECIAL = [method for method in METHODS if method.level != "plain" and "text-classification" in method.task_types]
PLAIN = [method for method in METHODS if method.level == "plain" and "text-classification" in method.task_types]


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


def test_methods_are_grouped_and_the_first_says_why(signed_in, sample):
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    shown = page.locator("[aria-label=Method] .choice")
    expect(shown).to_have_count(len(PLAIN))
    first = shown.first
    expect(first).to_contain_text("Recommended")
    expect(first).to_contain_text("training rows")
    expect(first.locator("input")).to_be_checked()
    expect(page.locator("[aria-label='Specialist methods']")).to_have_count(0)
    page.click(f"text=Show {len(SPECIAL)} specialist methods")
    expect(page.locator("[aria-label='Specialist methods'] .choice")).to_have_count(len(SPECIAL))
    page.check("#method-dora")
    expect(first.locator("input")).not_to_be_checked()
    expect_to_fit(page)
    expect(page.locator("#wizard")).not_to_contain_text("Counting…", use_inner_text=True)
    assert watched.complaints == [] and watched.foreign == []


def test_a_special_method_stays_chosen_and_its_settings_are_offered(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=method")
    page.click(f"text=Show {len(SPECIAL)} specialist methods")
    page.check("#method-adalora")
    page.click("#step-next")
    open_settings(page)
    expect(page.locator("#wizard").get_by_text("Initial rank").first).to_be_visible()
    page.click("#step-back")
    expect(page.locator("#method-adalora")).to_be_visible()
    expect(page.locator("#method-adalora")).to_be_checked()


def test_what_the_method_cannot_do_is_shown_at_the_setting_before_the_run(signed_in, sample):
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.check("#method-prefix-tuning")
    page.click("#step-next")
    open_settings(page)
    page.check("#training-gradient_checkpointing input")
    refused = page.locator("#training-gradient_checkpointing-wrong")
    expect(refused).to_contain_text("Prefix tuning cannot train with gradient checkpointing")
    expect(refused).to_contain_text("LoRA")
    page.check("#training-needs label:has-text('merge what') input")
    expect(page.locator("#training-needs-wrong")).to_contain_text("cannot merge")
    shoot(page, "refused-settings-dark")
    page.click("#step-next")
    page.wait_for_selector(".step-title:visible:has-text('Ready to start')")
    expect(page.locator("#step-next")).to_be_disabled()
    expect(page.locator("#step-missing")).to_contain_text("Gradient checkpointing")
    page.click("#step-back")
    page.click("#step-back")
    expect(page.locator("label[for=method-prefix-tuning]")).to_contain_text("cannot train with gradient checkpointing")
    expect(page.locator("label[for=method-lora]")).not_to_contain_text("cannot")
    page.check("#method-lora")
    page.click("#step-next")
    expect(page.locator("#training-needs-wrong")).to_have_text("")
    expect(page.locator("#training-needs label:has-text('merge what') input")).to_be_checked()
    page.click("#step-next")
    page.wait_for_selector(".step-title:visible:has-text('Ready to start')")
    expect(page.locator("#step-next")).to_be_enabled()
    assert watched.complaints == [] and watched.foreign == []


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
