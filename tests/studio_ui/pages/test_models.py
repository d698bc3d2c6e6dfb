"""The Models page: what is installed, fetching another model, and what fails."""

from playwright.sync_api import expect

from app.services.models import model_fetches


def test_models_and_methods_are_shown_with_their_facts(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    for words in ("22,565,376", "512 tokens", "Apache-2.0"):
        expect(page.locator("#model-starter-encoder")).to_contain_text(words)
    expect(page.locator("#tuning-methods")).to_contain_text("37 tuning methods")
    vera = page.locator("#method-vera")
    expect(vera).to_be_hidden()
    page.click("text=Show specialist methods")
    expect(vera).to_be_visible()
    expect(vera).to_contain_text("Kopiczko")
    assert watched.complaints == [] and watched.foreign == []


def test_fetch_is_queued_stopped_and_dismissed_from_the_page(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    page.get_by_label("Model on the Hugging Face Hub").fill("nobody/model")
    page.click("#fetch-start")
    page.wait_for_selector("#fetch-list [data-repo='nobody/model']")
    expect(page.get_by_label("Model on the Hugging Face Hub")).to_have_value("")
    page.click("#fetch-list button:has-text('Stop')")
    page.wait_for_selector("#fetch-list [data-state=cancelled]")
    page.click("#fetch-list button:has-text('Dismiss')")
    expect(page.locator("#fetch-list [data-repo]")).to_have_count(0)
    assert model_fetches.list_fetches() == []
    assert watched.complaints == []


def test_refused_name_is_reported_with_what_is_allowed(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    page.get_by_label("Model on the Hugging Face Hub").fill("no owner")
    page.get_by_label("Model on the Hugging Face Hub").press("Enter")
    expect(page.locator("[data-testid=toast-text]")).to_contain_text("owner/name")
    expect(page.get_by_label("Model on the Hugging Face Hub")).to_have_value("no owner")
