"""Data from the hub on the Data page: a split that has to be chosen, how far it is, where it is from; and addresses."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from app.settings import get_settings
from tests.conftest import light_executor
from tests.hub_data import letters_repo
from tests.standin_hub import Hub
from tests.studio_ui.conftest import NARROW, Studio


@pytest.fixture(scope="module", autouse=True)
def hub(studio: Studio) -> Iterator[Hub]:
    """A hub with one data set, and a light worker."""
    with Hub({"datasets/tests/letters": letters_repo()}) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", served.url)
        patch.setenv("STUDIO_POLL_SECONDS", "0.1")
        get_settings.cache_clear()
        with light_executor():
            yield served
    get_settings.cache_clear()


def test_split_is_chosen_after_a_refusal_and_the_source_is_shown(signed_in) -> None:
    watched = signed_in(NARROW)
    page = watched.open("/datasets")
    page.get_by_role("tab", name="From the Hugging Face Hub").click()
    page.locator("#hub-repo textarea, #hub-repo input").fill("no such id")
    page.click("#hub-start")
    expect(page.locator("#hub-notice .banner")).to_contain_text("is not the id of a data set")
    page.locator("#hub-repo textarea, #hub-repo input").fill("tests/letters")
    page.click("#hub-start")
    expect(page.locator("#data-fetch .banner")).to_contain_text("has several splits, and none is named")
    expect(page.locator("#hub-notice .banner")).to_have_count(0)
    page.locator("#data-fetch").get_by_role("button", name="Import train").click()
    expect(page.locator("#report-source")).to_contain_text("From tests/letters, split train", timeout=60_000)
    expect(page.locator("#report-source")).to_contain_text("licence apache-2.0")
    expect(page.locator("#report-verdict")).to_contain_text("120 usable rows")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == []


def test_addresses_are_offered_only_where_they_are_allowed(signed_in) -> None:
    page = signed_in().open("/datasets")
    expect(page.get_by_role("tab", name="Upload a file")).to_be_visible()
    expect(page.get_by_role("tab", name="From an address")).to_have_count(0)
