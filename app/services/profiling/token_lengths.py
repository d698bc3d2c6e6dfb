"""How long texts are for a base model: counted with its own tokenizer where that is installed, else estimated.

Uses the ``tokenizers`` library, which needs no torch. Knows no table.
"""

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from app.catalog.base_models import base_model_path, base_models
from app.errors import StudioError

# English text has four to five characters per token of a 30,000-piece vocabulary; two more tokens frame every text.
CHARACTERS_PER_TOKEN, FRAME_TOKENS = 4.3, 2
PORTION_TEXTS, PORTION_CHARACTERS = 2000, 1_000_000
# Above this the map of known lengths would take more memory than counting anew takes time.
MOST_KNOWN = 300_000
# Beyond this a text is far over every limit of a model that is tuned here; its exact length no longer matters.
MOST_CHARACTERS = 40_000


class TokenCounter:
    """Counts the tokens of texts as the trainer will. ``measured`` is false where only an estimate is possible."""

    def __init__(self, base_model: str) -> None:
        self.base_model = base_model
        self._tokenizer = _tokenizer(base_model)
        self.measured = self._tokenizer is not None

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens per text, the marks at both ends included."""
        if self._tokenizer is None:
            return [round(len(text) / CHARACTERS_PER_TOKEN) + FRAME_TOKENS for text in texts]
        lengths: list[int] = []
        for portion in _portions([text[:MOST_CHARACTERS] for text in texts]):
            lengths.extend(len(each) for each in self._tokenizer.encode_batch_fast(portion))
        return lengths


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in portions of a bounded number and size: a tokenizer holds a hundred bytes for every token."""
    portion: list[str] = []
    size = 0
    for text in texts:
        portion.append(text)
        size += len(text)
        if len(portion) >= PORTION_TEXTS or size >= PORTION_CHARACTERS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def default_model(task_kind: str) -> str:
    """The model that the wizard recommends for a task, empty if none serves it."""
    return next((each.name for each in base_models() if task_kind in each.task_types), "")


def store_tokens(path: Path, tokens: Any) -> None:
    """Keep the tokens of each row: ids and counts, (2, rows) of int64."""
    np.save(path, tokens, allow_pickle=False)


def load_tokens(path: Path, changed: Set[int] = frozenset()) -> dict[int, int]:
    """Row id -> tokens, without the rows that have changed since; empty for very many rows, which are counted anew."""
    if not path.exists():
        return {}
    ids, counts = np.load(path, allow_pickle=False)
    if len(ids) > MOST_KNOWN:
        return {}
    known = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    for row_id in changed:
        known.pop(row_id, None)
    return known


def describe(counts: Mapping[int, int], base_model: str, measured: bool) -> dict[str, Any]:
    """The lengths of a version as the report tells them; ``counts`` is length in tokens -> rows."""
    total = sum(counts.values())
    ordered = sorted(counts)
    return {
        "base_model": base_model,
        "measured": measured,
        "rows": total,
        "mean": round(sum(length * number for length, number in counts.items()) / max(1, total), 2),
        "longest": ordered[-1] if ordered else 0,
        "counts": {str(length): counts[length] for length in ordered},
    }


def cut_rows(lengths: Mapping[str, Any], max_length: int) -> int:
    """Rows whose end is lost when texts are cut at ``max_length`` tokens."""
    return sum(number for length, number in lengths["counts"].items() if int(length) > max_length)


def mean_tokens(lengths: Mapping[str, Any], max_length: int) -> float:
    """Mean tokens per row after texts are cut at ``max_length``."""
    total = sum(lengths["counts"].values())
    return sum(min(int(n), max_length) * rows for n, rows in lengths["counts"].items()) / max(1, total)


@lru_cache(maxsize=8)
def _tokenizer(base_model: str) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        from tokenizers import Tokenizer

        path = base_model_path(base_model) / "tokenizer.json"
    except (StudioError, ImportError):
        return None
    if not path.exists():
        return None
    made = Tokenizer.from_file(str(path))
    made.no_truncation()
    made.no_padding()
    return made
