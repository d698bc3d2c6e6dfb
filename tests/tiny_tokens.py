"""Tiny sentences with marked words for the tiny encoder of ``tests.tiny``; for tests of the engine."""

import json
from pathlib import Path

import torch

from app.catalog.spec import RunSpec
from tests import tiny
from tests.tiny import WORDS, write_rows

LABELS = ["ITEM", "STATE"]
MARKING = {"task_type": "token-classification", "columns": {"tokens": "tokens", "tags": "tags"}, "labels": LABELS}
ITEMS, STATES = ("card", "money", "bank"), ("lost", "stolen", "late", "pending")


def make_rows(folder: Path, count: int = 60, long: int = 0) -> None:
    """Write ``rows.parquet`` and ``splits.json``: sentences in which "my card" is an ITEM and "stolen" a STATE; 70/15/15.

    Args:
        long: this many of the first sentences have forty words.
    """
    rng = torch.Generator().manual_seed(3)

    def draw(most: int) -> int:
        return int(torch.randint(most, (1,), generator=rng))

    plain = [word for word in WORDS if word not in (*ITEMS, *STATES, "my")]
    tokens, tags = [], []
    for number in range(count):
        words = [plain[draw(len(plain))] for _ in range(40 if number < long else 2 + draw(6))]
        marks = ["O"] * len(words)
        at = draw(len(words))
        words[at:at], marks[at:at] = ["my", ITEMS[draw(3)]], ["B-ITEM", "I-ITEM"]
        words.append(STATES[draw(4)])
        marks.append("B-STATE")
        tokens.append(json.dumps(words))
        tags.append(json.dumps(marks))
    write_rows(folder, {"tokens": tokens, "tags": tags})


def make_spec(method: dict | None = None, **training: object) -> RunSpec:
    """A spec for the tiny sentences: fp32 and eight rows per update by default."""
    return tiny.make_spec(method, MARKING, **training)
