"""The language of an answer, and texts that are put off."""

import pytest

from app.languages import choose_language, current_language, deferrable, deferring, in_language

ALL = ("en", "de", "fr", "zh")


@pytest.mark.parametrize(
    ("headers", "chosen"),
    [
        ([], "en"),
        ([(b"accept-language", b"de-AT,de;q=0.9,en;q=0.8")], "de"),
        ([(b"accept-language", b"en;q=0.5, fr;q=0.7")], "fr"),
        ([(b"accept-language", b"nl, zh-CN;q=0.3")], "zh"),
        ([(b"accept-language", b"es, de;q=0")], "en"),
        ([(b"accept-language", b"de;q=much, fr")], "fr"),
        ([(b"cookie", b"a=b; studio-language=fr"), (b"accept-language", b"de")], "fr"),
        ([(b"Cookie", b"studio-language=xx"), (b"Accept-Language", b"de")], "de"),
    ],
)
def test_switch_decides_then_the_browser_then_english(headers, chosen):
    assert choose_language(headers, ALL) == chosen


def test_language_holds_inside_only():
    with in_language("de"):
        assert current_language() == "de"
    assert current_language() == "en"


def test_deferred_words_are_made_later_in_the_language_of_then():
    kept = []
    shout = deferrable(lambda words: f"{words} {current_language()}")
    with deferring(lambda later: kept.append(later) or "later"):
        assert shout("in") == "later"
    with in_language("fr"):
        assert [later() for later in kept] == ["in fr"]
    assert shout("in") == "in en"
