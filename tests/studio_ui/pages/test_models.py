"""The Models page: what is installed, fetching another model, and what fails."""

from app.services.models import model_fetches


def test_models_and_methods_are_shown_with_their_facts(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    encoder = page.inner_text("#model-starter-encoder")
    assert "22,565,376" in encoder and "512 tokens" in encoder and "Apache-2.0" in encoder
    assert "37 tuning methods" in page.inner_text("#tuning-methods")
    assert not page.is_visible("#method-vera")
    page.click("text=Show specialist methods")
    assert "Kopiczko" in page.inner_text("#method-vera")
    assert watched.complaints == [] and watched.foreign == []


def test_fetch_is_queued_stopped_and_dismissed_from_the_page(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    page.get_by_label("Model on the Hugging Face Hub").fill("nobody/model")
    page.click("#fetch-start")
    page.wait_for_selector("#fetch-list [data-repo='nobody/model']")
    assert page.get_by_label("Model on the Hugging Face Hub").input_value() == ""
    page.click("#fetch-list button:has-text('Stop')")
    page.wait_for_selector("#fetch-list [data-state=cancelled]")
    page.click("#fetch-list button:has-text('Dismiss')")
    page.wait_for_selector("#fetch-list [data-repo]", state="detached")
    assert model_fetches.list_fetches() == []
    assert watched.complaints == []


def test_refused_name_is_reported_with_what_is_allowed(signed_in):
    watched = signed_in()
    page = watched.open("/models")
    page.get_by_label("Model on the Hugging Face Hub").fill("no owner")
    page.get_by_label("Model on the Hugging Face Hub").press("Enter")
    page.wait_for_selector("[data-testid=toast-text]")
    assert "owner/name" in page.inner_text("[data-testid=toast-text]")
    assert page.get_by_label("Model on the Hugging Face Hub").input_value() == "no owner"
