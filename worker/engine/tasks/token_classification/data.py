"""Sentences with marked words for a model that sees pieces of words: which piece stands for which word, and what it learns.

Knows no model. A word is judged by its first piece; the others are left out of the loss unless a run asks for them.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import torch

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.tagged_text import Sentence
from app.catalog.task_types.token_classification import TokenClassification
from app.run_report import Report
from worker.engine.batching.batches import MicroBatch

# What the loss leaves out: later pieces of a word, marks at both ends, padding.
NOTHING = -100
TOKENISE_ROWS = 500


@dataclass(frozen=True)
class Pieces:
    """A text as the model reads it: token ids, and for each word that is read the place of its first piece.

    ``owners`` is the word of each piece, -1 for marks; ``cut`` says that the end was left out.
    """

    ids: list[int]
    owners: list[int]
    cut: bool

    @property
    def firsts(self) -> dict[int, int]:
        """Word -> place of its first piece."""
        found: dict[int, int] = {}
        for place, word in enumerate(self.owners):
            if word >= 0:
                found.setdefault(word, place)
        return found


@dataclass(frozen=True)
class Tagged:
    """Sentences of one split with their pieces and, for each piece, the number of its tag or :data:`NOTHING`."""

    row_ids: list[int]
    sentences: list[Sentence]
    pieces: list[Pieces]
    targets: list[list[int]]

    @property
    def tokens(self) -> list[list[int]]:
        """Token ids of each sentence."""
        return [each.ids for each in self.pieces]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sentence."""
        return [len(each.ids) for each in self.pieces]

    @property
    def cut_rows(self) -> int:
        """Sentences that lost their end."""
        return sum(each.cut for each in self.pieces)


def tag_names(labels: Sequence[str]) -> list[str]:
    """``O``, then ``B-`` and ``I-`` of each type: the tags in the order of the model's answers."""
    return ["O", *(f"{letter}-{label}" for label in labels for letter in "BI")]


def read_sentences(
    rows: Path, splits: Path, task: TokenClassification, columns: dict[str, str]
) -> dict[str, list[tuple[int, Sentence]]]:
    """Row ids and sentences of every split, as its frozen splits say."""
    names = ["_id", *dict.fromkeys(columns.values())]
    dealt = json.loads(splits.read_text(encoding="utf-8"))
    table = parquet.read_table(rows, columns=names).to_pylist()
    by_id = {row["_id"]: row for row in table}
    found: dict[str, list[tuple[int, Sentence]]] = {}
    for name in ("train", "validation", "test"):
        found[name] = []
        for row_id in dealt[name]:
            try:
                found[name].append((row_id, task.sentence(by_id[row_id], columns)))
            except UnusableRow as flaw:
                raise ValueError(f"row {row_id} was dealt out but cannot be read: {flaw.code}") from flaw
    return found


def mark(
    found: Sequence[tuple[int, Sentence]],
    tags: Sequence[str],
    tokenizer: Any,
    longest: int,
    report: Report,
    *,
    every: bool,
) -> Tagged:
    """Cut sentences into pieces and say what each is to learn.

    Args:
        longest: tokens that are read, the marks at both ends included.
        every: later pieces of a word learn too, as the inside of what their word is.
    """
    numbers = {tag: number for number, tag in enumerate(tags)}
    sentences = [sentence for _, sentence in found]
    pieces: list[Pieces] = []
    for start in range(0, len(sentences), TOKENISE_ROWS):
        report.stop_if_asked()
        portion = sentences[start : start + TOKENISE_ROWS]
        pieces += cut_up([(each.text, each.places) for each in portion], tokenizer, longest)
    targets = [_targets(one, other, numbers, every) for one, other in zip(sentences, pieces, strict=True)]
    return Tagged([row_id for row_id, _ in found], sentences, pieces, targets)


def cut_up(texts: Sequence[tuple[str, Sequence[tuple[int, int]]]], tokenizer: Any, longest: int) -> list[Pieces]:
    """Pieces of texts whose words lie at the given places."""
    made = tokenizer([text for text, _ in texts], truncation=True, max_length=longest, return_offsets_mapping=True)
    told = []
    for at, (text, places) in enumerate(texts):
        encoding = made.encodings[at]
        starts = [start for start, _ in places]
        owners = [
            -1 if special else _owner(text, starts, places, *offsets)
            for special, offsets in zip(encoding.special_tokens_mask, encoding.offsets, strict=True)
        ]
        told.append(Pieces(list(encoding.ids), owners, bool(encoding.overflowing)))
    return told


def collate_targets(targets: Sequence[Sequence[int]], rows: MicroBatch, length: int) -> torch.Tensor:
    """Tag numbers (rows, length), :data:`NOTHING` where there is nothing to learn."""
    batch = torch.full((len(rows), length), NOTHING, dtype=torch.long)
    for at, row in enumerate(rows):
        batch[at, : len(targets[row])] = torch.tensor(targets[row], dtype=torch.long)
    return batch


def _owner(text: str, starts: Sequence[int], places: Sequence[tuple[int, int]], begin: int, end: int) -> int:
    """The word in which a piece begins; some tokenizers count the space before a word as a part of it."""
    while begin < end and text[begin].isspace():
        begin += 1
    word = bisect_right(starts, begin) - 1
    return word if begin < end and word >= 0 and begin < places[word][1] else -1


def _targets(sentence: Sentence, pieces: Pieces, numbers: dict[str, int], every: bool) -> list[int]:
    tags, firsts = sentence.tags, pieces.firsts
    targets = []
    for place, word in enumerate(pieces.owners):
        if word < 0 or (not every and firsts[word] != place):
            targets.append(NOTHING)
        else:
            tag = tags[word]
            targets.append(numbers[tag if firsts[word] == place else tag.replace("B-", "I-", 1)])
    return targets
