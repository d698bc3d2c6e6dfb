"""Tiny rows with sets of labels and of two texts, made from those of :mod:`tests.tiny`; for tests of the engine."""

import json
from pathlib import Path
from typing import Any

from pyarrow import parquet

from tests.tiny import CLUES, LABELS, make_rows, write_rows

SETS: dict[str, Any] = {
    "task_type": "multi-label-classification",
    "columns": {"text": "text", "labels": "labels"},
    "labels": LABELS,
}
PAIRS: dict[str, Any] = {
    "task_type": "pair-classification",
    "columns": {"text": "text", "text_pair": "other", "label": "label"},
    "labels": ["different", "same"],
}


def make_pairs(folder: Path, per_label: int = 20) -> None:
    """Every text beside itself with a word more, or beside the next one."""
    texts = _texts(folder, per_label)
    same = [number % 2 == 0 for number in range(len(texts))]
    others = [
        f"please {text}" if own else texts[number - 1]
        for number, (text, own) in enumerate(zip(texts, same, strict=True))
    ]
    write_rows(folder, {"text": texts, "other": others, "label": ["same" if own else "different" for own in same]})


def make_sets(folder: Path, per_label: int = 20) -> None:
    """Texts with every label of which a clue stands in them."""
    texts = _texts(folder, per_label)
    sets = [sorted(label for label, clues in CLUES.items() if set(clues) & set(text.split())) for text in texts]
    write_rows(folder, {"text": texts, "labels": list(map(json.dumps, sets))})


def _texts(folder: Path, per_label: int) -> list[str]:
    make_rows(folder, per_label)
    return [row["text"] for row in parquet.read_table(folder / "rows.parquet").to_pylist()]


SCORED: dict[str, Any] = {
    "task_type": "regression",
    "columns": {"text": "text", "text_pair": "other", "score:cards": "cards", "score:length": "length"},
    "labels": ["cards", "length"],
}


def make_numbers(folder: Path, per_label: int = 20) -> None:
    """Pairs of texts with the number of clues to cards in the first, and of its words in hundreds: two numbers of different size."""
    texts = _texts(folder, per_label)
    words = [text.split() for text in texts]
    clues = [str(sum(word in CLUES["cards"] for word in row)) for row in words]
    others = [" ".join(row[:2]) for row in words]
    write_rows(
        folder, {"text": texts, "other": others, "cards": clues, "length": [str(100 * len(row)) for row in words]}
    )
