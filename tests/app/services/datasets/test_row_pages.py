"""Pages of rows as people see them."""

import pytest

from app.errors import NotFound
from app.services.datasets import datasets, row_pages
from app.services.datasets.row_search import Selection


def test_page_marks_words_and_goes_on_behind_its_cursor(studio_home, owner):
    notes = datasets.import_sample(owner, datasets.SAMPLES[2].name)
    page = row_pages.read_page(owner, notes.id, None, Selection(), limit=3)
    assert len(page["rows"]) == 3 and page["matching"] == 320
    assert any(row.get("marked", {}).get("spans") for row in page["rows"])
    following = row_pages.read_page(owner, notes.id, 1, Selection(), page["after"], 3)
    assert following["rows"][0]["_id"] > page["rows"][-1]["_id"]
    with pytest.raises(NotFound):
        row_pages.read_page("somebody-else", notes.id, None, Selection())


def test_first_rows_are_a_look_with_every_column(studio_home, owner):
    version = datasets.latest_version(datasets.import_sample(owner, datasets.SAMPLES[0].name))
    look = row_pages.first_rows(version)
    assert look["columns"] == row_pages.columns_of(version) == ["text", "label"]
    assert set(look["rows"][0]) == {"_line", "text", "label"}
