"""The Data page in Chromium: forty defects of ten kinds put right by hand, versions, splits, narrow screens."""

import csv
import io
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.services.datasets import checks, datasets
from app.settings import get_settings
from tests.app import written_files as write
from tests.conftest import light_executor
from tests.studio_ui.conftest import NARROW, expect_to_fit
from tests.studio_ui.defects import KINDS, places, write_defects


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("defects") / "messages.csv"
    write_defects(path)
    return path


def upload(watched, file):
    page = watched.open("/datasets")
    page.set_input_files("#data-file", file)
    page.wait_for_selector("#report-preview")
    return page


def problem(page, kind):
    return page.locator(f"[data-problem='{kind}']")


def version(page, number):
    page.wait_for_selector(f"#report .card-head :text('version {number},')")
    page.wait_for_selector(f"[data-shown-version='{number}']")


def test_forty_defects_of_ten_kinds_are_put_right_by_hand(signed_in, file, studio):
    watched = signed_in()
    page = upload(watched, file)
    expect(page.locator("#report-verdict")).to_contain_text("1,992 usable rows, 8 need attention.")
    for kind in KINDS:
        expect(problem(page, kind).locator(".problem-lines"), kind).to_contain_text(str(places(kind)[0] + 2))
    problem(page, "empty_label").locator(".problem-show").click()
    expect(page.locator("#report-preview .row-more")).to_contain_text("4 of 4 rows shown")
    rows = page.locator("#report-preview tbody tr")
    for n in range(4):
        rows.nth(n).get_by_role("button", name="Edit").click()
        rows.nth(n).locator("input").fill("loan")
        rows.nth(n).locator("input").press("Enter")
        expect(page.locator("#report-preview .row-changed")).to_have_count(n + 1)
    page.click("#draft-save")
    version(page, 2)
    expect(problem(page, "empty_label")).to_have_count(0)
    problem(page, "label_spelling").locator(".problem-remedy").click()
    problem(page, "hidden_characters").locator(".problem-remedy").click()
    expect(page.locator("#draft-list li")).to_have_count(2)
    page.click("#draft-save")
    version(page, 3)
    left = [kind for kind in KINDS if kind not in ("empty_label", "label_spelling", "hidden_characters")]
    for kind in left:
        problem(page, kind).locator(".problem-exclude").click()
    expect(page.locator("#draft-bar strong")).to_have_text(f"{len(left)} changes wait to be saved.")
    page.click("#draft-save")
    version(page, 4)
    expect(page.locator("#report-problems")).to_contain_text("Nothing needs attention")
    expect(page.locator("[data-problem]")).to_have_count(0)
    made = datasets.list_datasets(studio.owner)[0]
    newest = datasets.latest_version(made)
    assert newest.status == "ok" and set(newest.labels) == {"card lost", "loan", "opening hours", "refund"}
    assert newest.usable_rows + newest.report["rows"]["excluded"] == 2000 and newest.usable_rows >= 1964
    assert watched.complaints == []
    page.click("#report-undo")
    version(page, newest.number + 1)
    expect(page.locator("[data-problem]")).to_have_count(len(left))
    page.click("#report-tune")
    page.wait_for_selector(".step-title:has-text('learn to do')")


def test_rows_are_searched_relabelled_added_and_the_difference_is_kept(signed_in, file):
    watched = signed_in()
    page = upload(watched, file)
    page.fill("#rows-search", "jo.doe@")
    page.wait_for_selector("#rows-bulk:has-text('All 4 rows found')")
    page.fill("#bulk-label", "complaint")
    page.click("#bulk-set")
    expect(page.locator("#report-preview tbody .row-changed")).to_have_count(4)
    page.click("#draft-save")
    version(page, 2)
    page.wait_for_selector("#report-labels:has-text('complaint')")
    page.click("#rows-add")
    page.fill("#rows-add-form textarea", "a message that was forgotten")
    page.fill("#rows-add-form input", "complaint")
    page.click("#rows-add-form [type=submit]")
    expect(page.locator("#draft-bar")).to_contain_text("1 change waits to be saved.")
    page.click("#draft-save")
    version(page, 3)
    page.click("#report-versions summary")
    page.click("[data-version='2'] button:has-text('4 differences')")
    expect(page.locator(".differences li")).to_have_count(4)
    expect(page.locator(".differences ins").first).to_have_text("complaint")
    with page.expect_download() as caught:
        page.click("[data-version='3'] a:has-text('CSV')")
    content = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(content)))[-1] == ["a message that was forgotten", "complaint"]
    with page.expect_download() as caught:
        page.click("#report-download")
    assert "personal_data" in Path(caught.value.path()).read_text(encoding="utf-8-sig")
    page.click("[data-version='1'] button:has-text('Go back')")
    version(page, 4)
    page.wait_for_selector("#report-labels:not(:has-text('complaint'))")
    assert watched.complaints == []


def test_split_by_group_column(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    lines = [
        f"question {n} of a customer about {'card' if n % 2 else 'loan'},{'card' if n % 2 else 'loan'},c{n // 4}"
        for n in range(120)
    ]
    content = "\n".join(["text,label,customer", *lines]).encode()
    page.set_input_files("#data-file", {"name": "q.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Change the split").click()
    page.get_by_label("By group").check()
    page.get_by_label("Column", exact=True).click()
    page.get_by_role("option", name="customer").click()
    page.get_by_label("Test, %").fill("20")
    page.click("#splits-save")
    version(page, 2)
    expect(page.locator("#report-change")).to_contain_text("by customer")
    splits = page.locator("#report-splits")
    expect(splits).to_contain_text(re.compile("(20|24|28) for the final test"))
    sizes = [int(item) for item in re.findall(r"(\d+) for (?:training|validation|the final test)", splits.inner_text())]
    assert sum(sizes) == 120 and 20 <= sizes[2] <= 28 and sizes[2] % 4 == 0
    assert watched.complaints == []


def test_everything_open_fits_the_screen(signed_in, file):
    watched = signed_in(NARROW, color_scheme="dark")
    page = upload(watched, file)
    problem(page, "empty_text").locator(".problem-show").click()
    page.get_by_role("button", name="Edit line 22").click()
    page.get_by_role("button", name="Change the split").click()
    page.get_by_role("button", name="Read the file in another way").click()
    page.click("#report-versions summary")
    page.get_by_label("Test, %").wait_for()
    page.wait_for_selector("[data-version]")
    page.wait_for_selector("#lengths-words")
    page.get_by_label("Name of the data set").fill("Letters of May")
    page.get_by_label("Name of the data set").press("Enter")
    page.wait_for_selector("#data-table th:has-text('Letters of May')")
    expect_to_fit(page)
    assert watched.complaints == []


@pytest.fixture
def start_worker(studio):
    """Starts a light worker on the data folder of the module's studio."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as started:
        patch.setenv("STUDIO_POLL_SECONDS", "0.1")
        get_settings.cache_clear()
        yield lambda: started.enter_context(light_executor())
    get_settings.cache_clear()


def test_a_large_file_shows_its_rows_first_and_its_report_when_it_is_there(signed_in, start_worker, monkeypatch):
    """Rows that were not understood are understood in another way; the next file with such columns needs no word."""
    monkeypatch.setattr(checks, "SMALL_ROWS", 100)
    watched = signed_in()
    page = watched.open("/datasets")
    lines = [
        f"{n} questions about the {'card' if n % 2 else 'loan'},{'card' if n % 2 else 'loan'},{'ab'[n % 3 == 0]}"
        for n in range(400)
    ]
    sent = {"name": "q.csv", "mimeType": "text/csv", "buffer": "\n".join(["what,topic,kind", *lines]).encode()}
    page.set_input_files("#data-file", sent)
    expect(page.locator("#data-arriving")).to_contain_text("400 rows")
    expect(page.locator("#data-arriving tbody tr").first).to_be_visible()
    start_worker()
    expect(page.locator("#report-verdict")).to_contain_text("400 usable rows", timeout=60_000)
    page.select_option("#report-column-2", "label")
    page.click("#report-recheck")
    page.wait_for_selector("#report .card-head :text('version 2,')", timeout=60_000)
    page.set_input_files("#data-file", {**sent, "name": "again.csv"})
    page.wait_for_selector("#report-remembered", timeout=60_000)
    expect(page.locator("#report-column-2")).to_have_value("label")
    rows = page.locator("#report-preview tbody tr")
    expect(rows.first).to_be_visible()
    veiled = rows.filter(has_text="kept for the final test")
    while not veiled.count():
        shown = rows.count()
        page.click("#report-preview .row-more button")
        rows.nth(shown).wait_for()
    expect(page.locator("#splits-peeks")).to_contain_text("Nobody has looked")
    page.click("#report-preview .peek-look")
    expect(page.locator("#splits-peeks")).to_contain_text("looked at 1 time")
    expect(veiled).to_have_count(0)
    assert watched.complaints == []


def test_a_refused_workbook_is_read_by_another_sheet(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    rows = [[f"question {n} about {'card' if n % 2 else 'loan'}", "card" if n % 2 else "loan"] for n in range(40)]
    book = write.workbook({"Notes": [["a", "b"], ["c", "d"]], "Data": [["text", "label"], *rows]})
    page.set_input_files("#data-file", {"name": "b.xlsx", "mimeType": "application/octet-stream", "buffer": book})
    page.wait_for_selector(".refused")
    page.get_by_role("button", name="Read the file in another way").click()
    page.get_by_label("Sheet").click()
    page.get_by_role("option", name="Data", exact=True).click()
    page.wait_for_selector(".reading-seen td:has-text('question 0')")
    page.click("#reading-keep:enabled")
    expect(page.locator("#report-verdict")).to_contain_text("40 usable rows")
    assert watched.complaints == [
        "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
    ]
