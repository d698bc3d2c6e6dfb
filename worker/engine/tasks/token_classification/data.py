"""Sentences with tagged words as tokens: which token belongs to which word, and the tag that each token trains on.

A word is classified by its first token; its other tokens are left out of the loss unless a run asks for them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.tagged_text import Sentence
from app.catalog.task_types.token_classification import TokenClassification
from app.run_report import Report
from worker.engine.batching.batches import MicroBatch
from worker.engine.batching.training_rows import read_rows

# What the loss leaves out: later tokens of a word, special tokens, padding.
IGNORED = -100
TOKENIZE_ROWS = 500


@dataclass(frozen=True)
class WordTokens:
    """A text as token ids.

    Attributes:
        word_ids: the word of each token, -1 for special tokens.
        cut: whether the end of the text was left out.
    """

    ids: list[int]
    word_ids: list[int]
    cut: bool

    @property
    def first_tokens(self) -> dict[int, int]:
        """Word -> position of its first token, for the words that are read."""
        positions: dict[int, int] = {}
        for position, word in enumerate(self.word_ids):
            if word >= 0:
                positions.setdefault(word, position)
        return positions


@dataclass(frozen=True)
class TaggedSplit:
    """Sentences of one split with their tokens and, for each token, the number of its tag or :data:`IGNORED`."""

    row_ids: list[int]
    sentences: list[Sentence]
    encodings: list[WordTokens]
    targets: list[list[int]]

    @property
    def tokens(self) -> list[list[int]]:
        """Token ids of each sentence."""
        return [encoding.ids for encoding in self.encodings]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sentence."""
        return [len(encoding.ids) for encoding in self.encodings]

    @property
    def cut_rows(self) -> int:
        """Sentences that lost their end."""
        return sum(encoding.cut for encoding in self.encodings)


def tag_names(labels: Sequence[str]) -> list[str]:
    """``O``, then ``B-`` and ``I-`` of each type: the tags in the order of the logits."""
    return ["O", *(f"{letter}-{label}" for label in labels for letter in "BI")]


def read_sentences(
    rows: Path, splits: Path, task: TokenClassification, columns: dict[str, str]
) -> dict[str, list[tuple[int, Sentence]]]:
    """Split name -> row ids and sentences.

    Raises:
        ValueError: the splits name a row that is no sentence with tags.
    """
    return {
        name: [(row_id, _sentence(task, row_id, cells, columns)) for row_id, cells in split]
        for name, split in read_rows(rows, splits, columns.values()).items()
    }


def tokenize_and_align(
    rows: Sequence[tuple[int, Sentence]],
    tags: Sequence[str],
    tokenizer: Any,
    max_length: int,
    report: Report,
    *,
    every_token: bool,
) -> TaggedSplit:
    """Tokenize sentences and give each token the tag that it trains on.

    Args:
        max_length: tokens that are read, special tokens included.
        every_token: later tokens of a word train too, with the inside tag of their word.
    """
    numbers = {tag: number for number, tag in enumerate(tags)}
    sentences = [sentence for _, sentence in rows]
    encodings: list[WordTokens] = []
    for start in range(0, len(sentences), TOKENIZE_ROWS):
        report.stop_if_asked()
        batch = sentences[start : start + TOKENIZE_ROWS]
        encodings += tokenize_words([(sentence.text, sentence.places) for sentence in batch], tokenizer, max_length)
    targets = [
        _targets(sentence, encoding, numbers, every_token)
        for sentence, encoding in zip(sentences, encodings, strict=True)
    ]
    return TaggedSplit([row_id for row_id, _ in rows], sentences, encodings, targets)


def tokenize_words(
    texts: Sequence[tuple[str, Sequence[tuple[int, int]]]], tokenizer: Any, max_length: int
) -> list[WordTokens]:
    """Tokens of texts, given with the character ranges of their words."""
    batch = tokenizer([text for text, _ in texts], truncation=True, max_length=max_length, return_offsets_mapping=True)
    encoded = []
    for encoding, (text, words) in zip(batch.encodings, texts, strict=True):
        starts = [start for start, _ in words]
        word_ids = [
            -1 if special else _word_of(text, starts, words, *offsets)
            for special, offsets in zip(encoding.special_tokens_mask, encoding.offsets, strict=True)
        ]
        encoded.append(WordTokens(list(encoding.ids), word_ids, bool(encoding.overflowing)))
    return encoded


def collate_targets(targets: Sequence[Sequence[int]], rows: MicroBatch, length: int) -> torch.Tensor:
    """Tag numbers (rows, length), :data:`IGNORED` where nothing trains."""
    batch = torch.full((len(rows), length), IGNORED, dtype=torch.long)
    for number, row in enumerate(rows):
        batch[number, : len(targets[row])] = torch.tensor(targets[row], dtype=torch.long)
    return batch


def _sentence(task: TokenClassification, row_id: int, cells: dict[str, Any], columns: dict[str, str]) -> Sentence:
    try:
        return task.sentence(cells, columns)
    except UnusableRow as flaw:
        raise ValueError(f"row {row_id} is part of a split but cannot be read: {flaw.code}") from flaw


def _word_of(text: str, starts: Sequence[int], words: Sequence[tuple[int, int]], begin: int, end: int) -> int:
    """The word in which a token begins; some tokenizers count the space before a word as a part of it."""
    while begin < end and text[begin].isspace():
        begin += 1
    word = bisect_right(starts, begin) - 1
    return word if begin < end and word >= 0 and begin < words[word][1] else -1


def _targets(sentence: Sentence, encoding: WordTokens, numbers: dict[str, int], every_token: bool) -> list[int]:
    tags, first_tokens = sentence.tags, encoding.first_tokens
    targets = []
    for position, word in enumerate(encoding.word_ids):
        if word < 0 or (not every_token and first_tokens[word] != position):
            targets.append(IGNORED)
        else:
            tag = tags[word]
            targets.append(numbers[tag if first_tokens[word] == position else tag.replace("B-", "I-", 1)])
    return targets
