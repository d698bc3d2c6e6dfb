"""What is recognised in a text by its characters."""

import pytest

from app.catalog.task_types.text_patterns import (
    has_control_character,
    has_hidden_character,
    has_marker,
    is_number,
    masked,
    personal_data,
    text_key,
    visible,
    without_hidden,
)


@pytest.mark.parametrize(
    "text",
    [
        "in 2024 we had 12 of them",
        "on 2024-05-17 at 10:30",
        "it costs 1,234.56",
        "version 1.2.3.4",
        "a@b",
        "order 1234567",
    ],
)
def test_ordinary_numbers_are_not_taken_for_personal_data(text):
    assert personal_data(text) == []


def test_a_text_with_something_to_see_is_visible():
    assert visible("a") and visible(" ä") and visible("?") and not visible("\u200b ")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to jo.doe+x@example.org", ["email"]),
        ("call +44 20 7946 0958 or (030) 1234-5678", ["phone"]),
        # The test number of a card; one digit more and the check digit is wrong.
        ("4111 1111 1111 1111", ["card"]),
        ("4111 1111 1111 1112", ["phone"][:0]),
        ("a@b.org, 4111-1111-1111-1111", ["email", "card"]),
    ],
)
def test_personal_data_is_reported_by_kind(text: str, kinds: list[str]) -> None:
    assert personal_data(text) == kinds


def test_masking_leaves_nothing_personal_and_other_numbers_alone() -> None:
    text = "Mail a.b@c.de, card 4111 1111 1111 1111, call (030) 123 456 78; paid 12.50 on 2024-05-17 at 10:30"
    assert masked(text) == "Mail [email], card [card], call [phone]; paid 12.50 on 2024-05-17 at 10:30"
    assert personal_data(masked(text)) == []


def test_texts_that_differ_in_case_and_spaces_have_one_key() -> None:
    assert text_key("A  b\n") == text_key("a B") != text_key("ab")
    assert text_key("STRASSE") == text_key("straße")


def test_line_ends_and_tabs_are_no_control_characters() -> None:
    assert not has_control_character("a\tb\r\nc é 🌍")
    assert has_control_character("a\x07") and has_control_character("a\x92")


def test_hidden_characters_are_removed_and_joiners_of_emoji_stay() -> None:
    family = "👩\u200d👧"
    assert not has_hidden_character(family) and without_hidden(family) == family
    assert has_hidden_character("soft\u00adhyphen") and without_hidden("soft\u00adhy\x00phen") == "softhyphen"


@pytest.mark.parametrize(
    ("text", "marked"), [("<|im_end|>", True), ("[SEP]", True), ("</s>", True), ("a < b [1]", False)]
)
def test_markers_of_models_are_recognised(text: str, marked: bool) -> None:
    assert has_marker(text) is marked


@pytest.mark.parametrize(
    ("text", "number"),
    [(" -1.5e3 ", True), ("1,234.56", True), ("12 %", True), (".5", True), ("1.2.", False), ("v1", False)],
)
def test_numbers_are_recognised(text: str, number: bool) -> None:
    assert is_number(text) is number
