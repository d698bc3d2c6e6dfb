"""Numbers in the notation of a language."""

import pytest

from app.languages import decimal, in_language, localized


# Marks of decimals and thousands as the Unicode CLDR has them.
@pytest.mark.parametrize(
    ("language", "words"), [("en", "12,345.60"), ("de", "12.345,60"), ("fr", "12\u202f345,60"), ("zh", "12,345.60")]
)
def test_numbers_have_the_marks_of_the_language(language, words):
    with in_language(language):
        assert decimal(12345.6, 2) == words


def test_plain_number_keeps_its_digits():
    with in_language("de"):
        assert (localized("0.0123"), decimal(1234.5, 1, grouped=False)) == ("0,0123", "1234,5")
