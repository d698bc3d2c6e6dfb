"""From a dataset version's rows to token ids with a loss mask.

Conversations are truncated at the maximum length; running text is cut into chunks of it and loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.catalog.loss_mask import Masker
from app.catalog.masked_example import MaskedExample
from app.catalog.spec import RunSpec
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow
from app.run_report import Report
from worker.engine.batching.token_cache import NO_CACHE, TokenCache
from worker.engine.batching.training_rows import SplitRow, read_rows

REPORT_EVERY = 500
# Column names in the token cache.
COLUMNS = ("ids", "learned")

ExampleRow = tuple[int, Example]


@dataclass(frozen=True)
class TokenizedExample:
    """A conversation, or a chunk of running text, as tokens: ``loss_mask`` says which of ``ids`` are predicted, at least one."""

    row_id: int
    example: Example
    ids: list[int]
    loss_mask: list[bool]
    # Whether it lost its end.
    cut: bool = False

    @property
    def predicted(self) -> list[int]:
        """The tokens that are predicted."""
        return [token for token, masked in zip(self.ids[1:], self.loss_mask[1:], strict=True) if masked]

    @property
    def weight(self) -> int:
        """Tokens that are predicted; the first has nothing before it."""
        return sum(self.loss_mask[1:])


@dataclass(frozen=True)
class TokenizedSplit:
    """One split as tokens; ``cut_rows`` were truncated, ``left_out`` have nothing to predict within the maximum length."""

    examples: list[TokenizedExample]
    cut_rows: int
    left_out: int

    @property
    def lengths(self) -> list[int]:
        """Tokens per example."""
        return [len(example.ids) for example in self.examples]


def read_examples(rows: Path, splits: Path, task: GenerativeTask, spec: RunSpec) -> dict[str, list[ExampleRow]]:
    """Split name -> (row id, example)."""
    return {
        name: [pair for row in split if (pair := _example(task, row, spec))]
        for name, split in read_rows(rows, splits, spec.columns.values()).items()
    }


def tokenize_and_mask(
    examples: Sequence[ExampleRow],
    masker: Masker,
    max_length: int,
    report: Report,
    cache: TokenCache = NO_CACHE,
) -> TokenizedSplit:
    """Tokens of every example, at most ``max_length`` each; read back if an earlier run tokenized the same examples."""
    # Cached before they are truncated, so that another length uses the same tokens.
    key = [masker.identity, ",".join(str(row_id) for row_id, _ in examples)]
    table = cache.load_or_make(key, lambda: _tokenize(examples, masker, report)).with_format("arrow")[:]
    tokenized: list[TokenizedExample] = []
    cut = left_out = 0
    columns = (table[name].to_pylist() for name in COLUMNS)
    for (row_id, example), ids, loss_mask in zip(examples, *columns, strict=True):
        chunks = _chunks(row_id, example, ids, loss_mask, max_length)
        cut += bool(example.turns) and len(ids) > max_length
        left_out += not chunks
        tokenized.extend(chunks)
    return TokenizedSplit(tokenized, cut, left_out)


def _example(task: GenerativeTask, row: SplitRow, spec: RunSpec) -> ExampleRow | None:
    try:
        example = task.read_example(row.cells, spec.columns)
        return row.row_id, task.with_prefix(example, spec.training.source_prefix)
    except UnusableRow:
        # Splits hold usable rows only; this one was let through by the check of an older version.
        return None


def _tokenize(examples: Sequence[ExampleRow], masker: Masker, report: Report) -> dict[str, list[Any]]:
    masked: list[MaskedExample] = []
    for number, (_, example) in enumerate(examples):
        if number % REPORT_EVERY == 0:
            report.stop_if_asked()
        masked.append(masker.mask(example))
    return {"ids": [example.ids for example in masked], "learned": [example.learned for example in masked]}


def _chunks(
    row_id: int, example: Example, ids: list[int], loss_mask: list[bool], max_length: int
) -> list[TokenizedExample]:
    """A conversation's beginning, or all of a running text; each chunk begins with the last token of the one before."""
    starts = [0] if example.turns else range(0, max(1, len(ids) - 1), max(1, max_length - 1))
    cut = bool(example.turns) and len(ids) > max_length
    chunks = [
        TokenizedExample(row_id, example, ids[start : start + max_length], loss_mask[start : start + max_length], cut)
        for start in starts
    ]
    return [chunk for chunk in chunks if chunk.weight]
