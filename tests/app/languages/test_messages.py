"""Messages from a catalog, plural forms, and which languages are offered."""

import pytest

from app.languages import gettext, in_language, messages, ngettext, script_messages

CATALOG = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

#: a.py
msgid "Remove {name}?"
msgstr "{name} entfernen?"

#: a.py
msgid "{number} row"
msgid_plural "{number} rows"
msgstr[0] "{number} Zeile"
msgstr[1] "{number} Zeilen"

#: b.js
msgid "Copied."
msgstr "Kopiert."

#: a.py
msgid "Not yet"
msgstr ""
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    (tmp_path / "de.po").write_text(CATALOG, "utf-8")
    (tmp_path / messages.COMPLETENESS).write_text('{"de": 0.75, "fr": 0.98}', "utf-8")
    monkeypatch.setattr(messages, "CATALOGS", tmp_path)
    messages.translations.cache_clear()
    messages.offered.cache_clear()
    with in_language("de"):
        yield
    messages.translations.cache_clear()
    messages.offered.cache_clear()


def test_source_is_english():
    assert gettext("Remove {name}?", name="a {b}") == "Remove a {b}?"
    assert gettext("{not} filled") == "{not} filled"
    assert [ngettext("{number} row", "{number} rows", number) for number in (1, 1842)] == ["1 row", "1,842 rows"]


@pytest.mark.usefixtures("german")
def test_messages_and_plurals_come_from_the_catalog():
    assert gettext("Remove {name}?", name="Copied.") == "Copied. entfernen?"
    assert [ngettext("{number} row", "{number} rows", number) for number in (1, 1842)] == ["1 Zeile", "1.842 Zeilen"]
    assert gettext("Not yet") == "Not yet"


@pytest.mark.usefixtures("german")
def test_scripts_get_their_own_messages_only():
    assert script_messages("de") == {"Copied.": "Kopiert."}


@pytest.mark.usefixtures("german")
def test_half_translated_language_is_not_offered():
    assert "de" not in messages.offered()
    assert messages.translations("de").complete == 0.75


@pytest.mark.usefixtures("german")
def test_choosing_a_language_reads_no_catalog():
    assert messages.offered() == ("en", "fr")
    assert messages.translations.cache_info().currsize == 0
