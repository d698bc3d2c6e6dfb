"""Sentences with marked words: every scheme and every way of writing spans says the same."""

import json

import pytest

from app.catalog.task_types import tagged_text as forms
from app.catalog.task_types.generative import UnusableRow


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-PER I-PER O B-LOC B-LOC"),
        ("IOB1", "I-PER I-PER O I-LOC B-LOC"),
        ("IOBES", "B-PER E-PER O S-LOC S-LOC"),
        ("BILOU", "B-PER L-PER O U-LOC U-LOC"),
    ],
)
def test_every_scheme_says_the_same(scheme: str, tags: str) -> None:
    sentence = forms.from_tags(["Anna", "Kovac", "likes", "Oslo", "Lisbon"], tags.split())
    assert sentence.tags == ["B-PER", "I-PER", "O", "B-LOC", "B-LOC"]
    assert sentence.spans == [[0, 10, "PER"], [17, 21, "LOC"], [22, 28, "LOC"]]


def test_two_types_side_by_side_are_two_entities() -> None:
    sentence = forms.from_tags(list("abcd"), ["B-X", "I-Y", "I-Y", "I-X"])
    assert [tuple(entity) for entity in sentence.entities] == [(0, 1, "X"), (1, 3, "Y"), (3, 4, "X")]


def test_words_of_running_text() -> None:
    text = "O’Neill's 東京 trip, é हिन्दी!"
    assert [text[a:b] for a, b in forms.word_places(text)] == [
        "O",
        "’",
        "Neill",
        "'",
        "s",
        "東",
        "京",
        "trip",
        ",",
        "é",
        "हिन्दी",
        "!",
    ]


def test_a_span_may_hold_spaces_at_its_ends_but_not_parts_of_words() -> None:
    assert forms.from_spans("Bo met Al.", [(0, 3, "PER")]).snapped == 0
    cut = forms.from_spans("Bo met Al.", [(8, 9, "PER")])
    assert (cut.snapped, cut.spans) == (1, [[7, 9, "PER"]])
    with pytest.raises(UnusableRow):
        forms.from_spans("Bo  met", [(2, 4, "PER")])


@pytest.mark.parametrize(
    "cell", ["Anna/B-PER sleeps/O", "Anna|B-PER sleeps|O", "Anna B-PER\nsleeps O", "Anna\tB-PER\n\nsleeps\tO"]
)
def test_tags_within_the_text_are_read(cell: str) -> None:
    sentence = forms.from_inline(cell)
    assert (sentence.words, sentence.tags) == (["Anna", "sleeps"], ["B-PER", "O"])


@pytest.mark.parametrize(
    ("cell", "code"), [("Anna/B-PER sleeps", "inline_tags"), ("Anna/PER", "inline_tags"), (" ", "empty_text")]
)
def test_word_without_a_tag_is_refused(cell: str, code: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        forms.from_inline(cell)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', \"b\"]", ["a", "b"]),
        ("[1, 0]", ["1", "0"]),
        (" a  b ", ["a", "b"]),
        ("[a", None),
        ('[["a"]]', None),
        ("[null]", None),
        (None, None),
    ],
)
def test_list_of_texts_is_read_as_json_python_or_words(cell: str | None, expected: list[str] | None) -> None:
    assert forms.read_list(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        '[[0, 4, "PER"]]',
        "[(0, 4, 'PER')]".replace("(", "[").replace(")", "]"),
        '[{"start": 0, "end": 4, "label": " PER "}]',
        '[{"start_offset": 0, "end_offset": 4, "entity_group": "PER"}]',
        '{"entities": [[0, 4, "PER"]]}',
        '{"label": [[0, 4, "PER"]]}',
    ],
)
def test_spans_are_read_in_every_way_of_writing_them(cell: str) -> None:
    assert forms.read_spans(cell) == [(0, 4, "PER")]


@pytest.mark.parametrize("cell", ["[[0, 4]]", "[[true, 4, 'X']]", '[[0, 4, ""]]', "[0]", "words", "[[0.0, 4, 'X']]"])
def test_what_is_no_span_is_refused(cell: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        forms.read_spans(cell)
    assert caught.value.code == "not_spans"


def test_empty_cell_has_no_spans() -> None:
    assert forms.read_spans(None) == forms.read_spans("  ") == []


def test_entities_that_begin_inside_are_counted() -> None:
    sentence = forms.from_tags(list("abcd"), ["I-X", "O", "B-X", "B-X"])
    # The second B- stands between two entities of one type, where the older scheme writes it too.
    assert (sentence.orphans, sentence.begun, sentence.needless) == (1, 2, 1)


def test_types_alone_are_entities_or_word_classes() -> None:
    names = forms.from_tags("Anna Kovac saw Oslo".split(), ["PER", "PER", "O", "LOC"])
    assert names.spans == [[0, 10, "PER"], [15, 19, "LOC"]] and names.types_alone
    # Where every word has one, each is by itself; "_" stands where CoNLL-U says nothing.
    classes = forms.from_tags("old green tea x".split(), ["ADJ", "NOUN", "NOUN", "_"])
    assert [label for _, _, label in classes.spans] == ["ADJ", "NOUN", "NOUN"]
    assert forms.from_tags(["Anna", "sat"], ["B_PER", "O"]).spans == [[0, 4, "PER"]]


def test_label_studio_nests_its_spans() -> None:
    span = {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}
    assert forms.read_spans(json.dumps([span])) == [(0, 4, "PER")]
    nested = [{"result": [{"type": "labels", "value": span}, {"type": "relation"}]}]
    assert forms.read_spans(json.dumps(nested)) == [(0, 4, "PER")]
    with pytest.raises(UnusableRow, match="not_spans"):
        forms.read_spans(json.dumps([{**span, "labels": ["PER", "LOC"]}]))
