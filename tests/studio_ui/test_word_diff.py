"""Differences between two texts, word by word."""

from studio_ui.word_diff import MAX_WORDS, word_diff


def test_words_of_only_one_of_them_are_marked():
    node = word_diff("press the red button", "press the green key twice")
    assert node[2:] == [
        ["span", {}, "press the"],
        " ",
        ["del", {}, "red button"],
        " ",
        ["ins", {}, "green key twice"],
    ]


def test_same_texts_have_no_marks():
    assert word_diff("a b", "a  b")[2:] == [["span", {}, "a b"]]


def test_text_without_a_reference_stays_as_it_is():
    assert word_diff("", "two  words")[2] == "two  words"
    assert word_diff(None, "")[2] == "(nothing)"


def test_long_texts_are_not_compared_and_say_so():
    node = word_diff("word", "word " * (MAX_WORDS + 1))
    assert "not marked" in str(node) and "ins" not in {part[0] for part in node[2:] if isinstance(part, list)}
