"""The language of the pages in Chromium: the switch, the browser's language, numbers, and a person's own words."""

import pytest
from playwright.sync_api import expect

from app.languages import in_language
from app.services.datasets import datasets
from app.services.inference.conversations import MessageRecord
from app.services.runs import run_table
from studio_ui.pages.chat.panes import votes_of
from studio_ui.pages.new_run.draft import card_of
from studio_ui.pages.run.files import method_facts
from studio_ui.pages.run.wanted import judged, wanted_run
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version

# Names of a person that are words of the interface as well; they must stay as they are.
OWN = ("Data", "Settings")


@pytest.fixture(scope="module")
def run_id(studio):
    """A finished run whose name and tag are words of the interface."""
    run = make_run(studio.owner, make_version(studio.owner), OWN[0])
    end_run(run.id, rows_right(187, 200), rows_right(150, 200))
    run_table.mark(studio.owner, run.id, tags=[OWN[1]], note="Queue")
    return run.id


def test_switch_changes_every_page_and_no_word_of_a_person(signed_in, run_id):
    watched = signed_in()
    page = watched.open("/runs")
    assert page.get_attribute("html", "lang") == "en"
    with page.expect_navigation():
        page.select_option("#language-switch", "de")
    row = page.locator(f"tr[data-id='{run_id}']")
    for words in ("93,5 %", "Beendet", "Queue"):
        expect(row).to_contain_text(words)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    menu = page.inner_text(".site-head nav").split("\n")
    assert {"Start", "Daten", "Neuer Run", "Runs", "Warteschlange"} <= {entry.strip() for entry in menu}
    expect(row.locator(".name-cell a").first).to_have_text(OWN[0])
    expect(row.locator(".tag")).to_have_text(OWN[1])
    watched.open(f"/run?id={run_id}")
    expect(page.locator("#tile-accuracy .tile-title")).to_have_text("Testgenauigkeit")
    expect(page.get_by_label("Name des Runs")).to_have_value(OWN[0])
    assert watched.complaints == []


def test_native_fields_choices_and_tabs_follow_the_browser(signed_in, run_id):
    watched = signed_in(locale="fr-FR")
    page = watched.open("/new")
    assert page.get_attribute("html", "lang") == "fr"
    assert "Nouvelle exécution" in page.inner_text(".site-head nav")
    expect(page.locator("#step-title-data")).to_have_text("Sur quelles données s’entraîner ?")
    assert page.evaluate("navigator.language") == "fr"
    expect(page.locator("#wizard")).to_contain_text("Données", use_inner_text=True)
    expect(page.locator("#wizard")).not_to_contain_text("Method", use_inner_text=True)
    assert watched.complaints == []


def test_refusals_and_toasts_are_in_the_language(signed_in):
    watched = signed_in(locale="zh-CN")
    page = watched.open("/run?id=nobody")
    page.wait_for_selector("text=您的运行中没有")
    assert page.get_attribute("html", "lang") == "zh-CN"


def test_wizard_finds_its_data_after_a_reload_in_german(signed_in, studio):
    sample = datasets.import_sample(studio.owner, datasets.SAMPLES[1].name)
    watched = signed_in(locale="de-DE")
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.click("#wizard [data-tab-id='0']")
    page.wait_for_url(f"**/new?dataset={sample.id}&step=data")
    # Another tab knows no more than the address does.
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector(f"[name=dataset][value='{sample.id}']:checked")
    assert watched.complaints == []


def test_votes_on_replies_are_gradios_own_words_in_every_language():
    """`gr.Chatbot` marks the thumb of exactly these values."""
    records = [
        MessageRecord(f"m{number}", number, 0, "Tea", False, {"vote": vote}, 0.0)
        for number, vote in enumerate(("up", "down", None))
    ]
    with in_language("de"):
        assert votes_of(records, 0) == ["Like", "Dislike", None]


def test_what_is_kept_between_answers_is_in_the_language_of_each(owner):
    run = make_run(owner, make_version(owner))
    end_run(run.id, rows_right(50, 100), rows_right(80, 100))
    found = wanted_run(owner, {"id": run.id})

    def shown_words() -> list[str]:
        verdicts = [verdict.title for verdict in judged(owner, found).verdicts[run.id]]
        refused = [card_of("prefix-tuning")["refusals"]["merge"], method_facts("prefix-tuning")["refusals"]["merge"]]
        return [card_of("full")["title"], *refused, *verdicts]

    english = shown_words()
    with in_language("de"):
        german = shown_words()
    assert german[0] == "Volles Fine-Tuning" and len(english) > 3
    assert [one for one, other in zip(english, german, strict=True) if one == other] == []
    assert shown_words() == english
