"""What happens to an open page when the web process is killed under it."""

from playwright.sync_api import Page

from tests.studio.processes import Up


def test_open_page_loads_itself_anew_and_keeps_what_was_chosen_when_the_web_process_was_killed(
    page: Page, studio_up: Up
) -> None:
    page.goto(f"{studio_up.address}/datasets")
    page.click(".sample button, button:has-text('Use this sample') >> nth=0")
    page.click("#report-tune")
    page.wait_for_selector(".step-title:visible:has-text('learn to do')")
    page.click("#wizard [data-tab-id='3']")
    page.check("#method-ia3")
    page.wait_for_function("sessionStorage.getItem('studio-new-run')?.includes('ia3')")
    page.evaluate("window.untouched = true")
    studio_up.find("studio.web").kill()
    # A choice that cannot be answered; the page notices that nobody is there.
    page.check("#method-lora")
    page.wait_for_function("!window.untouched", timeout=60_000)
    page.wait_for_selector("#method-ia3:checked")
    page.check("#method-lora")
    page.wait_for_function("!sessionStorage.getItem('studio-new-run')?.includes('ia3')")
