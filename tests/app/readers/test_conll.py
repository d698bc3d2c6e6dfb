"""CoNLL: sentences of tokens with tags."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.app.readers.reading import QUICK, cells, check_lost_rows, check_refusal, damaged_cases, read

WORDS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8)


@damaged_cases("conll")
def test_damaged_file_is_refused_with_code_and_rows(tmp_path, file):
    check_refusal(tmp_path, file)


def test_sentence_with_a_missing_tag_is_named_and_the_others_read(tmp_path):
    check_lost_rows(tmp_path, "a.conll", b"a O\nb O\n\nc\nd O\n\ne B-X\n", {"conll": [4]}, [1, 7])


def test_comments_and_document_marks_are_no_tokens(tmp_path):
    content = b"-DOCSTART- -X- O O\n\nAda NNP I-NP B-PER\nran VBD I-VP O\n\n\n# text = x\nBob NNP I-NP B-PER\n"
    table, records = read(tmp_path, "a.txt", content)
    assert table.columns == ["tokens", "column_2", "column_3", "tags"]
    assert records[0] == (3, ['["Ada", "ran"]', '["NNP", "VBD"]', '["I-NP", "I-VP"]', '["B-PER", "O"]'])
    assert records[1][0] == 8


@QUICK
@given(
    sentences=st.lists(
        st.lists(st.tuples(WORDS, st.sampled_from(["O", "B-X", "I-X"])), min_size=1, max_size=5), min_size=1, max_size=5
    )
)
def test_arbitrary_sentences_are_read_as_written(tmp_path, sentences):
    for separator in ("\t", " "):
        lines = "\n".join("".join(f"{word}{separator}{tag}\n" for word, tag in sentence) for sentence in sentences)
        _, records = read(tmp_path, "a.conll", lines.encode())
        found = [list(zip(json.loads(tokens), json.loads(tags), strict=True)) for tokens, tags in cells(records)]
        assert found == [[tuple(pair) for pair in sentence] for sentence in sentences]
