"""Steps that every journey takes in the browser."""

import re

from playwright.sync_api import Page

# What a run of a few hundred rows may take on two busy cores.
FINISHED_MS = 240_000
QUESTIONS = ("learn to do", "Which base model", "Which tuning method", "thoroughly", "Ready to start")


def decline_folds(page: Page) -> None:
    """Test on the rows that are kept aside: one training instead of six, which small data get unasked."""
    page.wait_for_selector("#review-folds:has-text('all')")
    page.click("#review-folds button")
    page.wait_for_selector("#review-folds button:has-text('Cross-validate')")


def wait_for_end(page: Page) -> str:
    """Id of the run that was just queued, once it has finished; anything but a good end fails with the whole page."""
    page.wait_for_url("**/run?id=*")
    ended = "#run-state .chip:has-text('Finished'), #run-state .chip:has-text('Failed')"
    page.wait_for_selector(ended, timeout=FINISHED_MS)
    assert "Finished" in page.inner_text("#run-state"), page.inner_text("#content")
    found = re.search(r"id=([^&#]+)", page.url)
    assert found
    return found[1]
