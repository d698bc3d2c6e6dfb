"""The tokenizer of a folder is loaded from that folder alone; two texts are one sequence."""

from pathlib import Path

import pytest
from tokenizers import processors

from tests.tiny import make_tokenizer
from worker.engine.modeling.tokenizer import load_tokenizer, separator, tokenize


def test_tokenizer_of_a_folder_reads_as_it_was_saved(tiny_base: tuple[object, Path]) -> None:
    # [CLS], "my" (17th of the words, after four special tokens), [UNK], [SEP].
    assert load_tokenizer(tiny_base[1])("my zebra")["input_ids"] == [2, 20, 1, 3]


def test_folder_without_a_tokenizer_is_refused_without_asking_the_network(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        load_tokenizer(tmp_path)


def test_two_texts_are_encoded_as_the_tokenizer_does_it_itself() -> None:
    tokenizer = make_tokenizer()
    pairs = [("my card", "the bank"), ("late", "please help my card")]
    found = tokenize(tokenizer, pairs, 16)
    own = tokenizer(["my card", "late"], ["the bank", "please help my card"])
    assert found == {"input_ids": own["input_ids"], "token_type_ids": own["token_type_ids"]}
    # [CLS] and two words and [SEP], then two words and [SEP].
    assert found["token_type_ids"][0] == [0, 0, 0, 0, 1, 1, 1] and separator(tokenizer) == ""


def test_the_longer_of_two_texts_is_cut_first() -> None:
    long, short = "late " * 20, "my card"
    for pair, kept in (((long, short), (5, 2)), ((short, long), (2, 5)), ((long, long), (4, 3))):
        row = tokenize(make_tokenizer(), [pair], 10)["input_ids"][0]
        first = row.index(3) - 1
        assert (first, len(row) - first - 3) in (kept, kept[::-1] if pair[0] == pair[1] else kept)


def test_second_text_begins_a_line_where_the_tokenizer_parts_them_by_nothing_that_ends_a_text() -> None:
    # As a decoder's tokenizer, which writes the mark of a beginning before each of two texts, or nothing at all.
    for pair in ("[CLS] $A [CLS] $B", "[CLS] $A $B"):
        tokenizer = make_tokenizer()
        tokenizer.bos_token = "[CLS]"
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A", pair=pair, special_tokens=[("[CLS]", 2)]
        )
        assert separator(tokenizer) == "\n"
        asked = tokenizer("my card", "\nthe bank")["input_ids"]
        assert tokenize(tokenizer, [("my card", "the bank")])["input_ids"] == [asked]
