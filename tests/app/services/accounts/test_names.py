"""Names are normalised, shortened or refused, and a taken name is numbered."""

import pytest

from app.errors import Rejected
from app.services.accounts.names import MAX_LENGTH, clean_name, numbered_name, validate_name


def test_spaces_of_a_name_are_normalised():
    assert validate_name("  my   first\trun \n") == "my first run"


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_LENGTH + 1)])
def test_empty_and_long_names_are_refused(name):
    with pytest.raises(Rejected) as caught:
        validate_name(name)
    assert caught.value.code == "name_length"


@pytest.mark.parametrize("name", ["a\0b", "half \ud83d", "bell \x07", "a\x9fb"])
def test_character_that_cannot_be_shown_is_refused(name):
    with pytest.raises(Rejected) as caught:
        validate_name(name)
    assert caught.value.code == "bad_character"


def test_joined_emoji_and_every_script_are_names():
    for name in ("👩‍🔬 lab", "क्‍ष", "שלום‏", "Ünïcödé"):
        assert validate_name(name) == name


def test_name_from_a_file_is_made_valid():
    assert clean_name("bell\x07 and\u202eturn") == "bell and turn"
    assert clean_name(None) == clean_name("\x00 ") == ""
    assert len(clean_name("long " * 100)) <= MAX_LENGTH


def test_taken_name_gets_the_first_free_number():
    assert numbered_name("data", {"other"}) == "data"
    assert numbered_name("data", {"data", "data 2"}) == "data 3"
    assert len(numbered_name("x" * MAX_LENGTH, {"x" * MAX_LENGTH})) <= MAX_LENGTH
