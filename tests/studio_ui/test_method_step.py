"""The method step of the wizard: the recommended method first with its reason, special ones behind a disclosure."""

import os

import pytest

from app.catalog.methods import METHODS
from app.services.datasets import datasets
from tests.studio_ui.conftest import NARROW

SHOTS = os.environ.get("STUDIO_SHOTS")
SPECIAL = [method for method in METHODS if method.level != "plain" and "text-classification" in method.task_types]
PLAIN = [method for method in METHODS if method.level == "plain" and "text-classification" in method.task_types]


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


def test_methods_are_grouped_and_the_first_says_why(signed_in, sample):
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.wait_for_selector("#method-lora")
    shown = page.locator("[aria-label=Method] .choice")
    assert shown.count() == len(PLAIN)
    first = shown.first
    assert "Recommended" in first.inner_text() and "training rows" in first.inner_text()
    assert first.locator("input").is_checked()
    assert page.locator("[aria-label='Specialist methods']").count() == 0
    page.click(f"text=Show {len(SPECIAL)} specialist methods")
    page.wait_for_selector("#method-dora")
    assert page.locator("[aria-label='Specialist methods'] .choice").count() == len(SPECIAL)
    page.check("#method-dora")
    assert not first.locator("input").is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.wait_for_function("!document.querySelector('#wizard').innerText.includes('Counting…')")
    assert watched.complaints == [] and watched.foreign == []


def test_a_special_method_stays_chosen_and_its_settings_are_offered(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=method")
    page.click(f"text=Show {len(SPECIAL)} specialist methods")
    page.check("#method-adalora")
    page.click("#step-next")
    page.click("#all-settings > button")
    page.wait_for_selector("#wizard >> text=Initial rank", state="attached")
    page.click("#step-back")
    page.wait_for_selector("#method-adalora")
    assert page.is_checked("#method-adalora")


def test_what_the_method_cannot_do_is_shown_at_the_setting_before_the_run(signed_in, sample):
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.check("#method-prefix-tuning")
    page.click("#step-next")
    page.click("#all-settings > button")
    page.check("#training-gradient_checkpointing input")
    page.check("#training-needs label:has-text('merge what') input")
    page.wait_for_selector("#training-needs-wrong:has-text('cannot merge')")
    text = page.inner_text("#training-gradient_checkpointing-wrong")
    assert "Prefix tuning cannot train with gradient checkpointing" in text and "LoRA" in text
    assert "cannot merge" in page.inner_text("#training-needs-wrong")
    shoot(page, "refused-settings-dark")
    page.click("#step-next")
    page.wait_for_selector("#step-next:disabled")
    assert page.is_disabled("#step-next") and "Gradient checkpointing" in page.inner_text("#step-missing")
    page.click("#step-back")
    page.click("#step-back")
    page.wait_for_selector("label[for=method-prefix-tuning] .field-wrong")
    assert "cannot train with gradient checkpointing" in page.inner_text("label[for=method-prefix-tuning]")
    assert "cannot" not in page.inner_text("label[for=method-lora]")
    page.check("#method-lora")
    page.click("#step-next")
    page.wait_for_selector("#training-needs-wrong:empty", state="attached")
    assert page.inner_text("#training-needs-wrong") == ""
    assert page.is_checked("#training-needs label:has-text('merge what') input")
    page.click("#step-next")
    page.wait_for_selector("#step-next:enabled")
    assert page.is_enabled("#step-next")
    assert watched.complaints == [] and watched.foreign == []


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
