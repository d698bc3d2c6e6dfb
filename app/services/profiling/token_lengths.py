"""Lengths of texts in tokens of a base model: counted with its tokenizer where that is installed, else estimated.

Uses the ``tokenizers`` library, which needs no torch.
"""

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from app.catalog.base_models import base_model_path, base_models
from app.errors import StudioError

# English text has four to five characters per token of a 30,000-piece vocabulary; two more tokens frame every text.
CHARACTERS_PER_TOKEN, FRAME_TOKENS = 4.3, 2
PORTION_TEXTS, PORTION_CHARACTERS = 2000, 1_000_000
# For more rows than these the tokens are counted again: the map of known ones would take too much memory.
MAX_KNOWN_ROWS = 300_000
# Longer texts are far over the context of every model; their exact length does not matter.
MAX_CHARACTERS = 40_000


@dataclass(frozen=True)
class TokenLengths:
    """Distribution of the lengths of texts.

    Attributes:
        measured: counted with the model's tokenizer, not estimated from characters.
        rows: texts that were counted.
        mean: of the tokens.
        longest: in tokens.
        counts: length in tokens -> rows; the keys are text, as in JSON.
        of_rows: all rows, where only a sample was counted.
    """

    base_model: str
    measured: bool
    rows: int
    mean: float
    longest: int
    counts: dict[str, int]
    of_rows: int | None = None

    @classmethod
    def from_counts(cls, counts: Mapping[int, int], base_model: str, measured: bool) -> "TokenLengths":
        """``counts`` is length in tokens -> rows."""
        total, lengths = sum(counts.values()), sorted(counts)
        return cls(
            base_model,
            measured,
            total,
            round(sum(length * number for length, number in counts.items()) / max(1, total), 2),
            lengths[-1] if lengths else 0,
            {str(length): counts[length] for length in lengths},
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON form, as in ``lengths.json``."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def cut_rows(self, max_length: int) -> int:
        """Rows that lose their end when texts are cut at ``max_length`` tokens."""
        return sum(number for length, number in self.counts.items() if int(length) > max_length)

    def mean_tokens(self, max_length: int) -> float:
        """Mean tokens per row after texts are cut at ``max_length``."""
        total = sum(min(int(length), max_length) * number for length, number in self.counts.items())
        return total / max(1, sum(self.counts.values()))


class TokenCounter:
    """Counts the tokens of texts as the trainer does; ``measured`` is false where it can only estimate."""

    def __init__(self, base_model: str) -> None:
        self.base_model = base_model
        self._tokenizer = _tokenizer(base_model)
        self.measured = self._tokenizer is not None

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens per text, special tokens included."""
        if self._tokenizer is None:
            return [round(len(text) / CHARACTERS_PER_TOKEN) + FRAME_TOKENS for text in texts]
        lengths: list[int] = []
        for portion in _portions([text[:MAX_CHARACTERS] for text in texts]):
            lengths.extend(len(encoding) for encoding in self._tokenizer.encode_batch_fast(portion))
        return lengths


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """Split texts into portions of bounded number and size: a tokenizer holds a hundred bytes for every token."""
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
    """The model that the wizard recommends for a task, empty if there is none."""
    return next((model.name for model in base_models() if task_kind in model.task_types), "")


def store_tokens(path: Path, tokens: np.ndarray) -> None:
    """Write row ids and their tokens, int64 of shape (2, rows)."""
    np.save(path, tokens, allow_pickle=False)


def load_tokens(path: Path, changed: Set[int] = frozenset()) -> dict[int, int]:
    """Row id -> tokens, without the changed rows; empty for very many rows, which are counted again."""
    if not path.exists():
        return {}
    ids, counts = np.load(path, allow_pickle=False)
    if len(ids) > MAX_KNOWN_ROWS:
        return {}
    known = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    for row_id in changed:
        known.pop(row_id, None)
    return known


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
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
