"""How a file is read: described, previewed with other choices, and read again as the next version."""

import pytest

from app import storage
from app.errors import Conflict, NotFound, Rejected
from app.readers import Choices
from app.services.accounts import accounts
from app.services.datasets import datasets, readings
from tests.app.services.datasets.letters import ROWS, newest, table_of

CYRILLIC = "text;label\n" + "".join(f"письмо {text};{label}\n" for text, label in ROWS)


@pytest.fixture
def uploaded(owner):
    """A dataset whose original, in cp1251, is kept."""
    path = storage.uploads_dir() / "letters"
    path.write_bytes(CYRILLIC.encode("cp1251"))
    return datasets.import_file(owner, (path, "letters.csv"))


def test_preview_with_other_choices_stores_nothing(owner, uploaded):
    shown = readings.preview(owner, uploaded.id, Choices(encoding="cp1252"))
    assert shown["encoding"] == "cp1252" and not shown["rows"][0]["text"].startswith("письмо")
    assert len(shown["rows"]) == readings.PREVIEW_ROWS and shown["rows"][0]["_line"] == 2
    assert len(datasets.get_dataset(owner, uploaded.id).versions) == 1
    assert [path.name for path in storage.uploads_dir().iterdir()] == ["letters"]


def test_reading_again_adds_a_version_and_describes_it(owner, uploaded):
    version = newest(readings.read_again(owner, uploaded.id, Choices(encoding="cp1251", delimiter=";")))
    assert version.number == 2
    assert version.change["summary"] == "Read again from letters.csv: encoding cp1251, fields separated by ';'."
    assert table_of(version)["text"][0].as_py() == f"письмо {ROWS[0][0]}"
    described = readings.describe_version(owner, uploaded.id)
    assert (described["encoding"], described["kept"]) == ("cp1251", True)


def test_file_that_is_not_kept_cannot_be_read_again(owner, dataset):
    assert readings.describe_version(owner, dataset.id)["kept"] is False
    for call in (readings.preview, readings.read_again):
        with pytest.raises(Conflict, match="not kept"):
            call(owner, dataset.id, Choices())


def test_reading_of_another_user_is_not_found(uploaded):
    with pytest.raises(NotFound):
        readings.preview(accounts.add_user("bob").id, uploaded.id, Choices())


@pytest.mark.parametrize("choices", [[], {"sheet": 3}, {"header_row": -1}, {"delimiter": "x"}, {"colour": "red"}])
def test_invalid_choices_are_refused(choices):
    with pytest.raises(Rejected) as refused:
        readings.check_choices(choices)
    assert refused.value.code == "wrong_type"
    assert readings.check_choices({"header_row": 2}) == Choices(header_row=2)
