"""The Batch prediction page: a file, its columns, the queue, and what is refused."""

from pathlib import Path

from playwright.sync_api import expect

from app.services.inference import batch_prediction
from tests.app import batch_files
from tests.app.finished_runs import finish
from tests.factories import make_run


def test_page_without_models_leads_to_the_wizard(signed_in) -> None:
    page = signed_in().open("/batch")
    expect(page.get_by_role("link", name="Tune a model")).to_have_attribute("href", "/new")
    expect(page.locator("#batch-model")).to_be_hidden()


def test_file_is_queued_with_its_column_stopped_and_deleted(signed_in, studio, tmp_path: Path) -> None:
    run = make_run(studio.owner, name="Letters")
    finish(run)
    watched = signed_in()
    page = watched.open("/batch")
    expect(page.locator("#batch-model input")).to_have_value("Letters (LoRA)")
    page.set_input_files("#data-file", batch_files.write_csv(tmp_path))
    expect(page.get_by_role("region", name="First rows")).to_contain_text("a sure text")
    page.click("#batch-start")
    expect(page.locator("[data-testid=toast-text]")).to_contain_text("Which column holds “Text”?")
    page.locator("#batch-column-0 input").click()
    page.get_by_role("option", name="message").click()
    page.click("#batch-start")
    expect(page.locator("#batch-files li")).to_contain_text("4 rows · Letters")
    expect(page.locator("#batch-columns")).to_be_hidden()
    page.click("#batch-files button:has-text('Stop')")
    expect(page.locator("#batch-files button:has-text('Go on')")).to_be_visible()
    page.click("#batch-files button:has-text('Delete')")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#batch-files li")).to_have_count(0)
    assert batch_prediction.list_batches(studio.owner) == [] and watched.complaints == []


def test_broken_file_is_refused_in_words(signed_in, studio, tmp_path: Path) -> None:
    finish(make_run(studio.owner))
    broken = tmp_path / "letters.csv"
    broken.write_bytes(b'text\n"open')
    page = signed_in().open("/batch")
    page.set_input_files("#data-file", broken)
    expect(page.locator("#batch-notice")).to_contain_text("quote")
