"""What a person meets who works by keyboard alone, or whose session ends under an open page."""

from playwright.sync_api import expect

from app.services.datasets import datasets

FILE = {
    "name": "letters.csv",
    "mimeType": "text/csv",
    "buffer": (
        "text,label\n"
        + "".join(f"letter {n} about {'rent' if n % 2 else 'work'},{'rent' if n % 2 else 'work'}\n" for n in range(60))
    ).encode(),
}


def tab_to(page, selector, most=60):
    """Press Tab until the element that the selector names has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab within {most} presses")


def test_from_upload_to_a_queued_run_by_keyboard_alone(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    # The browser hands dialogs over from now on; asked for at the press, it could be too late.
    page.on("filechooser", lambda chooser: chooser.set_files(FILE))
    tab_to(page, "#data-file-choose")
    page.keyboard.press("Enter")
    page.wait_for_selector("#report-tune")
    tab_to(page, "#report-tune")
    page.keyboard.press("Enter")
    page.wait_for_selector(".step-title:visible:has-text('learn to do')")
    page.wait_for_selector("#step-next:enabled")
    for question in ("Which base model", "Which tuning method", "thoroughly", "Ready to start"):
        tab_to(page, "#step-next", most=200)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".step-title:visible:has-text('{question}')")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    tab_to(page, "#step-next", most=200)
    page.keyboard.press("Enter")
    page.wait_for_url("**/run?id=*")
    page.wait_for_selector("#run-state:has-text('Queued')")


def test_session_that_ended_under_an_open_page_is_reported_and_after_signing_in_it_goes_on(signed_in, studio):
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    page = signed_in().open(f"/new?dataset={dataset.id}&step=method")
    page.check("#method-ia3")
    page.wait_for_function("sessionStorage.getItem('studio-new-run')?.includes('ia3')")
    kept = page.context.cookies()
    page.context.clear_cookies()
    page.check("#method-lora")
    expect(page.locator("#signed-out")).to_contain_text("You are signed out")
    assert "undefined" not in page.inner_text("body")
    page.context.add_cookies(kept)
    page.reload()
    expect(page.locator("#method-ia3")).to_be_checked()
    expect(page.locator("#signed-out")).to_have_count(0)
