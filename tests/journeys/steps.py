"""Steps that every journey takes in the browser."""

import re

from playwright.sync_api import Page, expect

# What a run of a few hundred rows may take on two very busy cores; four minutes were too few at a load of 17.
FINISHED_MS = 480_000
QUESTIONS = ("learn to do", "Which base model", "Which tuning method", "thoroughly", "Ready to start")


def decline_folds(page: Page) -> None:
    """Test on the rows that are kept aside: one training instead of six, which small data get unasked."""
    page.wait_for_selector("#review-folds:has-text('all')")
    page.click("#review-folds button")
    page.wait_for_selector("#review-folds button:has-text('Cross-validate')")


def open_settings(page: Page) -> None:
    """Unfold all settings, which are open already where the recommendation has set one of them."""
    unfold, epochs = page.locator("#all-settings > button"), page.locator("#training-epochs input")
    expect(unfold).to_be_visible()
    # The answer that opens them may come right before the click, which then closes them.
    for _ in range(4):
        if "open" not in (unfold.get_attribute("class") or "").split():
            unfold.click()
        try:
            expect(epochs).to_be_visible(timeout=8_000)
            return
        except AssertionError:
            continue
    expect(epochs).to_be_visible()


def wait_for_end(page: Page) -> str:
    """Id of the run that was just queued, once it has finished; anything but a good end fails with the whole page."""
    page.wait_for_url("**/run?id=*")
    ended = page.locator("#run-state .chip", has_text=re.compile("Finished|Failed"))
    expect(ended).to_be_visible(timeout=FINISHED_MS)
    assert "Finished" in ended.inner_text(), page.inner_text("#content")
    found = re.search(r"id=([^&#]+)", page.url)
    assert found
    return found[1]
