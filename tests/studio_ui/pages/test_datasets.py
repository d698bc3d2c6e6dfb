"""The Data page's own behaviour: address, Back, keyboard, notices, and whose data it shows."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.models import new_id
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.datasets.row_pages import page_of
from app.services.datasets.row_search import Selection
from studio_ui.pages.datasets.rows import read_page, selection_of
from tests.studio_ui.test_browser import CLEAN, FILE


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


def test_filters_stand_in_the_address_and_back_leads_through_datasets(signed_in, sample):
    watched = signed_in()
    page = watched.open(f"/datasets?id={sample.id}&q=parcel")
    search = page.locator("#rows-search")
    expect(page.locator("#rows-bulk strong")).to_have_text(re.compile("^All (?!420 )"))
    expect(search).to_have_value("parcel")
    page.select_option("#rows-label", index=1)
    page.wait_for_function("location.search.includes('label=')")
    page.reload()
    expect(page.locator("#rows-label")).to_have_value(re.compile("."))
    expect(search).to_have_value("parcel")
    page.set_input_files("#data-file", CLEAN)
    expect(page.locator("#report h2", has_text="questions").first).to_be_visible()
    page.go_back()
    expect(page.locator("#report h2", has_text=sample.name).first).to_be_visible()
    expect(search).to_have_value("parcel")
    expect(page).to_have_url(re.compile(f"id={sample.id}"))
    assert watched.complaints == []


def test_keyboard_alone_edits_and_saves_a_row(signed_in, sample):
    watched = signed_in()
    page = watched.open(f"/datasets?id={sample.id}")
    before = datasets.latest_version(datasets.get_dataset(watched.studio.owner, sample.id)).number
    edit = page.get_by_role("button", name="Edit line 2", exact=True)
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row-editing textarea").first).to_be_focused()
    page.keyboard.type(f"A sentence that was typed, number {before}. ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#draft-bar strong")).to_have_text("1 change waits to be saved.")
    page.locator("#draft-save").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-shown-version='{before + 1}']")
    version = datasets.latest_version(datasets.get_dataset(watched.studio.owner, sample.id))
    assert version.number == before + 1 and version.change["counts"] == {"edited": 1}
    expect(page.locator("#draft-bar")).to_be_hidden()
    assert watched.complaints == []


def test_cancelled_edit_leaves_a_changed_row_marked_as_changed(signed_in, sample):
    page = signed_in().open(f"/datasets?id={sample.id}")
    row = page.locator("#report-preview tbody tr").nth(1)
    row.get_by_role("button", name="Edit").click()
    row.locator("textarea").fill("Changed")
    row.get_by_role("button", name="Done").click()
    expect(row).to_have_class("row-changed")
    row.get_by_role("button", name="Edit").click()
    expect(row).to_have_class("row-editing")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_class("row-changed")


@pytest.mark.parametrize(
    ("table", "offered", "narrowed"),
    [
        (["text,a,b", "1,0", "0,1"], [], Selection()),
        (["text,labels", "a;b", "b", "a"], ["a", "b"], Selection(search="a")),
    ],
    ids=["columns of yes and no", "names in cells"],
)
def test_rows_are_narrowed_to_a_label_only_where_cells_have_its_name(owner, tmp_path, table, offered, narrowed):
    head, *cells = table
    file = tmp_path / "remarks.csv"
    file.write_text(
        "\n".join([head, *(f"This is remark number {n} of many,{cells[n % len(cells)]}" for n in range(48))])
    )
    dataset = datasets.import_file(owner, (file, file.name))
    version = datasets.latest_version(dataset)
    assert list(version.labels) == ["a", "b"]
    assert read_page(owner, {"id": dataset.id}, 0, "", [])["about"]["labels"] == offered
    assert selection_of(version, {"label": "a"}) == narrowed


TALKS = "\n".join(
    json.dumps(
        {
            "conversations": [
                {"from": "human", "value": f"Where is tram {n}?"},
                {"from": "gpt", "value": f"At stop {n}.", "weight": 1},
            ]
        }
    )
    for n in range(24)
)


def test_conversation_is_read_and_edited_message_by_message(signed_in, studio):
    page = signed_in().open("/datasets")
    page.set_input_files("#data-file", {**FILE, "name": "talks.jsonl", "buffer": TALKS.encode()})
    row = page.locator("#report-preview tbody tr", has_text="Where is tram 1?")
    expect(row.locator(".turns-list > li")).to_have_text(["UserWhere is tram 1?", "AssistantAt stop 1."])
    row.get_by_role("button", name="Edit").click()
    row = page.locator(".row-editing")
    row.locator(".turn-list textarea").nth(1).fill("At the harbour.")
    for words in ("And when?", "At noon.", "A remark"):
        row.get_by_role("button", name="Add a message").click()
        row.locator(".turn-list textarea").last.fill(words)
    row.get_by_role("button", name="Remove this message").nth(4).click()
    row.get_by_role("button", name="Move up").nth(3).click()
    row.get_by_role("button", name="Move down").nth(2).click()
    row.get_by_role("button", name="Done").click()
    expect(page.locator("#draft-bar strong")).to_have_text("1 change waits to be saved.")
    page.reload()
    expect(page.locator(".row-changed .turns-list > li")).to_have_text(
        ["UserWhere is tram 1?", "AssistantAt the harbour.", "UserAnd when?", "AssistantAt noon."]
    )
    page.click("#draft-save")
    page.wait_for_selector("[data-shown-version='2']")
    dataset = datasets.list_datasets(studio.owner)[0]
    cells = [row["cells"]["conversations"] for row in page_of(datasets.latest_version(dataset), Selection())["rows"]]
    assert json.loads(cells[1]) == [
        {"role": "user", "content": "Where is tram 1?"},
        {"role": "assistant", "content": "At the harbour.", "weight": 1},
        {"role": "user", "content": "And when?"},
        {"role": "assistant", "content": "At noon."},
    ]
    assert json.loads(cells[0])[0]["from"] == "human"


def test_what_is_noted_waits_for_one_save_in_sight(signed_in, studio):
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    page = signed_in().open(f"/datasets?id={dataset.id}&q=parcel")
    page.click("#bulk-exclude")
    rows = page.locator("#report-preview tbody tr")
    expect(rows.nth(0)).to_contain_text("will be left out")
    rows.nth(0).get_by_role("button", name="Bring back").click()
    rows.nth(1).get_by_role("button", name="Delete").click()
    expect(page.locator("#draft-bar strong")).to_have_text("3 changes wait to be saved.")
    page.reload()
    expect(rows.nth(1)).to_contain_text("will be deleted")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#draft-save")).to_be_in_viewport()
    found = int(re.search(r"\d+", page.locator("#rows-bulk strong").inner_text())[0])
    page.click("#draft-save")
    page.wait_for_selector("[data-shown-version='2']")
    change = datasets.latest_version(datasets.get_dataset(studio.owner, dataset.id)).change
    assert change["counts"] == {"deleted": 1, "excluded": found - 2}


def test_change_by_somebody_else_is_reported_and_what_was_typed_stays(signed_in, sample):
    page = signed_in().open(f"/datasets?id={sample.id}")
    page.get_by_role("button", name="Delete line 3", exact=True).click()
    datasets.change_columns(sample.owner_id, sample.id, "text-classification", {"text": "text", "label": "label"})
    page.click("#draft-save")
    expect(page.locator("#draft-bar .verdict-error")).to_be_visible()
    expect(page.locator("#draft-bar strong").first).to_contain_text("1 change waits")


def test_refused_file_waits_at_an_address_of_its_own(signed_in):
    watched = signed_in()
    page = watched.open("/datasets")
    page.set_input_files("#data-file", {**FILE, "name": "few.csv", "buffer": b"a,b\n1,2\n3,4\n"})
    page.wait_for_selector(".refused")
    page.wait_for_selector("#report-task")
    expect(page).to_have_url(re.compile("staged="))
    page.reload()
    expect(page.locator(".refused")).to_contain_text("few.csv was not taken")
    expect(page.locator("#report-recheck")).to_have_text("Check with these columns")
    expect(page.locator("#report-recheck")).to_be_enabled()


TICKETS = "Ticket text,Team,Agent\n" + "".join(
    f"My parcel number {n} has not come,{('Billing', 'App', 'Logistics')[n % 3]},{('Anna', 'Ben')[n % 2]}\n"
    for n in range(48)
)


def test_question_about_a_file_is_answered_with_one_click(signed_in):
    page = signed_in().open("/datasets")
    page.set_input_files("#data-file", {**FILE, "name": "tickets.csv", "buffer": TICKETS.encode()})
    page.wait_for_selector("#data-question")
    page.reload()
    cards = page.locator(".question-option")
    expect(cards).to_have_count(2)
    expect(cards.nth(1).locator(".question-rows li")).to_have_count(3)
    expect(cards.nth(1)).to_contain_text("My parcel number 0 has not come")
    cards.nth(1).locator("button").click()
    expect(page.locator("#report-answered")).to_contain_text("Label: Agent")
    expect(page.locator(".label-counts li")).to_have_count(2)


def test_labels_written_once_are_filled_down_with_one_click(signed_in):
    rows = [f"{('light', 'water', 'pests')[n // 16] if n % 16 == 0 else ''},plant {n} looks pale" for n in range(48)]
    page = signed_in().open("/datasets")
    buffer = "\n".join(["category,text", *rows]).encode()
    page.set_input_files("#data-file", {**FILE, "name": "plants.csv", "buffer": buffer})
    page.click(".refused-repair:has-text('Fill empty cells with the value above them')")
    labels = page.locator(".label-counts li")
    expect(labels).to_have_count(3)
    counts = [words.split() for words in labels.all_inner_texts()]
    assert sorted(counts) == [["light", "16"], ["pests", "16"], ["water", "16"]]


def test_second_best_reading_is_one_click_away(signed_in, studio):
    rows = [
        f"How long does tea {n} steep?,It steeps for {n} minutes.,{('green', 'black', 'white')[n % 3]}"
        for n in range(60)
    ]
    page = signed_in().open("/datasets")
    page.set_input_files(
        "#data-file", {**FILE, "name": "faq.csv", "buffer": "\n".join(["question,answer,topic", *rows]).encode()}
    )
    expect(page.locator("#report-runner-up")).to_contain_text("Sort texts into categories")
    page.click("#report-runner-up button")
    expect(page.locator(".label-counts li")).to_have_count(3)


def test_data_is_deleted_after_its_consequences_were_shown_or_archived_and_brought_back(signed_in, studio):
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[1].name)
    watched = signed_in()
    page = watched.open("/datasets")
    row = page.locator(f"[data-id='{dataset.id}']")
    row.get_by_role("button", name=f"Archive {dataset.name}", exact=True).click()
    page.locator("dialog").get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("button", name=re.compile(r"^Archive \(\d+\)$")).click()
    row.get_by_role("button", name=f"Bring {dataset.name} back").click()
    row.get_by_role("button", name=f"Delete {dataset.name} …").click()
    expect(page.locator("#data-deletion")).to_contain_text("1 version with their files")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#data-deletion")).to_be_hidden()
    expect(row).to_have_count(0)
    assert dataset.id not in {item.id for item in datasets.list_datasets(studio.owner)} and watched.complaints == []


def test_data_of_another_person_is_not_found(signed_in):
    theirs = datasets.import_sample(accounts.add_user(f"somebody else {new_id()}").id, datasets.SAMPLES[0].name)
    page = signed_in().open(f"/datasets?id={theirs.id}")
    expect(page.locator("#data-result .verdict-error")).to_be_visible()
    expect(page.locator("#data-result")).to_contain_text("dataset_not_found")
    expect(page.locator("#report-preview tbody")).to_be_hidden()
    expect(page.locator("#report")).to_have_count(0)


def test_name_that_is_refused_comes_back(signed_in, sample):
    page = signed_in().open(f"/datasets?id={sample.id}")
    name = page.get_by_label("Name of the data set")
    expect(name).to_have_value(sample.name)
    name.fill(" ")
    name.press("Enter")
    page.wait_for_selector("[data-testid=toast-text]")
    expect(name).to_have_value(sample.name)


def test_refusal_of_a_split_stands_in_place_until_one_is_made(signed_in, sample):
    page = signed_in().open(f"/datasets?id={sample.id}")
    page.get_by_role("button", name="Change the split").click()
    page.get_by_label("By group").check()
    page.get_by_label("Column", exact=True).click()
    page.get_by_role("option", name="label", exact=True).click()
    page.click("#splits-save")
    refusal = page.locator("#splits-notice .verdict-error")
    expect(refusal).to_contain_text("too few")
    expect(page.locator("[data-testid=toast-text]")).to_have_count(0)
    page.get_by_label("By ratio").check()
    page.click("#splits-save")
    expect(refusal).to_have_count(0)


def test_escape_brings_the_name_back(signed_in, sample):
    page = signed_in().open(f"/datasets?id={sample.id}")
    name = page.get_by_label("Name of the data set")
    expect(name).to_have_value(sample.name)
    name.fill("Something else")
    name.press("Escape")
    expect(name).to_have_value(sample.name)
    name.blur()
    page.reload()
    expect(name).to_have_value(sample.name)
    assert datasets.get_dataset(sample.owner_id, sample.id).name == sample.name
