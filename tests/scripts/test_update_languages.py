"""The catalogs have what the code says, and translations keep its placeholders."""

import re

import pytest

from app.languages import NAMES, offered
from app.languages.messages import COMPLETENESS
from scripts import update_languages

PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@pytest.fixture(scope="module")
def messages():
    return update_languages.template()


@pytest.mark.parametrize("language", update_languages.LANGUAGES)
def test_catalogs_have_every_message_of_the_code_and_no_other(language, messages):
    path = update_languages.CATALOGS / f"{language}.po"
    assert path.read_bytes() == update_languages.written(update_languages.updated(language, messages)), "make languages"


def test_completeness_is_that_of_the_catalogs():
    path = update_languages.CATALOGS / COMPLETENESS
    assert path.read_bytes() == update_languages.completeness(), "make languages"


@pytest.mark.parametrize("language", update_languages.LANGUAGES)
def test_translations_have_the_placeholders_of_their_messages(language, messages):
    for message in update_languages.updated(language, messages):
        if not message.id or not update_languages.is_translated(message):
            continue
        forms = [message.string] if isinstance(message.string, str) else message.string
        wanted = {
            frozenset(PLACEHOLDER.findall(text))
            for text in ([message.id] if isinstance(message.id, str) else message.id)
        }
        for form in forms:
            assert frozenset(PLACEHOLDER.findall(form)) in wanted, (message.id, form)


def test_languages_are_those_of_the_switch():
    assert ("en", *update_languages.LANGUAGES) == tuple(NAMES)
    assert set(offered()) <= set(NAMES)


def test_messages_are_found_where_they_are_made():
    source = """
_("One " "sentence")
ngettext("{number} row", "{number} rows", 2)
counted(2, "run")
_(variable)
Page(title="Home", path="/")
Field(title="Rank", description="Width.")
report.phase("Training")
class Method:
    title: str = "LoRA"
"""
    plain = ["One sentence", ("{number} row", "{number} rows"), ("{number} run", "{number} runs"), "Home", "Training"]
    assert list(update_languages.python_messages(source)) == plain
    assert list(update_languages.python_messages(source, declares=True)) == [
        *plain[:4],
        "Rank",
        "Width.",
        "Training",
        "LoRA",
    ]


def test_messages_of_scripts_are_found():
    source = b't("Copied."); nt("{number} row", "{number} rows", n, { n }); counted(2, "run"); t(words); `${t("In")}`'
    found = [*map(str, update_languages.script_messages(source))]
    assert found[:3] == ["Copied.", "('{number} row', '{number} rows')", "('{number} run', '{number} runs')"]
