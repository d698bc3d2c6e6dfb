"""Sentences as tokens: which token belongs to which word, and what each of them learns."""

from pathlib import Path
from typing import Any

import pytest
import torch

from app.catalog.task_types import task_type
from app.catalog.task_types.tagged_text import from_tags
from tests.tiny import write_rows
from tests.tiny_chat import make_tokenizer
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.token_classification.data import (
    IGNORED,
    collate_targets,
    read_sentences,
    tag_names,
    tokenize_and_align,
    tokenize_words,
)

# How MiniLM's tokenizer cuts: "Kovacs" into several pieces, "flew" into one.
SENTENCE = from_tags(["Anna", "Kovacsovics", "flew"], ["B-PER", "I-PER", "O"])


def test_the_first_piece_of_a_word_learns_and_the_others_do_not(tokenizer: Any) -> None:
    tags = tag_names(["PER"])
    assert tags == ["O", "B-PER", "I-PER"]
    data = tokenize_and_align([(7, SENTENCE)], tags, tokenizer, 32, ListReport(), every_token=False)
    owners = data.encodings[0].word_ids
    assert owners[:2] == [-1, 0] and owners[-2:] == [2, -1] and owners.count(1) > 1
    wanted = [tags[target] for target in data.targets[0] if target != IGNORED]
    assert wanted == ["B-PER", "I-PER", "O"]
    every = tokenize_and_align([(7, SENTENCE)], tags, tokenizer, 32, ListReport(), every_token=True).targets[0]
    assert [entry for entry in every if entry != IGNORED] == [1, *[2] * owners.count(1), 0]
    cut = tokenize_and_align([(7, SENTENCE)], tags, tokenizer, 4, ListReport(), every_token=False)
    assert cut.cut_rows == 1 and list(cut.encodings[0].first_tokens) == [0, 1]


def test_later_pieces_of_a_first_word_are_inside(tokenizer: Any) -> None:
    sentence = from_tags(["Kovacsovics"], ["B-PER"])
    targets = tokenize_and_align(
        [(1, sentence)], tag_names(["PER"]), tokenizer, 32, ListReport(), every_token=True
    ).targets[0]
    learned = [target for target in targets if target != IGNORED]
    assert learned[0] == 1 and len(learned) > 1 and set(learned[1:]) == {2}


def test_texts_of_another_tokenizer_belong_to_the_same_words(chat_folder: Path) -> None:
    """A byte-level tokenizer counts the space before a word as a part of it."""
    (encoding,) = tokenize_words(
        [("My card, lost", [(0, 2), (3, 7), (7, 8), (9, 13)])], load_tokenizer(chat_folder), 99
    )
    # The space before "card" and the one before "lost" are tokens of their own and belong to no word.
    assert encoding.word_ids == [0, 0, -1, 1, 1, 1, 1, 2, -1, 3, 3, 3, 3]
    assert encoding.first_tokens == {0: 0, 1: 3, 2: 7, 3: 9}


@pytest.fixture
def chat_folder(tmp_path: Path) -> Path:
    make_tokenizer().save_pretrained(str(tmp_path))
    return tmp_path


def test_targets_are_filled_up_with_what_the_loss_leaves_out() -> None:
    batch = collate_targets([[1, 2, 0], [5], [3, 4]], [2, 1], 4)
    assert batch.tolist() == [[3, 4, IGNORED, IGNORED], [5, IGNORED, IGNORED, IGNORED]]
    assert batch.dtype == torch.long


def test_split_that_names_an_unusable_row_is_reported_by_its_number(tmp_path: Path) -> None:
    write_rows(tmp_path, {"w": ["a b", "c d"], "t": ["O O", "O"]})
    task, columns = task_type("token-classification"), {"tokens": "w", "tags": "t"}
    with pytest.raises(ValueError, match="row 1 is part of a split but cannot be read: length_mismatch"):
        read_sentences(tmp_path / "rows.parquet", tmp_path / "splits.json", task, columns)
