"""The method step of the wizard: the recommended method first with its reason, special ones behind a disclosure."""

import pytest

from app.catalog.methods import METHODS
from app.services import datasets
from tests.studio_ui.conftest import NARROW, WIDE

SPECIAL = [each for each in METHODS if each.level != "plain" and "text-classification" in each.task_types]
PLAIN = [each for each in METHODS if each.level == "plain" and "text-classification" in each.task_types]


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


@pytest.mark.parametrize("size, scheme", [(WIDE, "light"), (NARROW, "dark")], ids=["wide-light", "narrow-dark"])
def test_methods_are_grouped_and_the_first_says_why(signed_in, sample, size, scheme):
    watched = signed_in(size, color_scheme=scheme)
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
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.wait_for_function("!document.querySelector('#step-panel').innerText.includes('Counting…')")
    assert watched.complaints == [] and watched.foreign == []


def test_a_special_method_stays_chosen_and_its_settings_are_offered(signed_in, sample):
    page = signed_in().open(f"/new?dataset={sample.id}&step=method")
    page.click(f"text=Show {len(SPECIAL)} specialist methods")
    page.check("#method-adalora")
    page.click("#step-next")
    page.wait_for_selector("#step-panel >> text=Rank at the start", state="attached")
    page.click("#step-back")
    page.wait_for_selector("#method-adalora")
    assert page.is_checked("#method-adalora")
