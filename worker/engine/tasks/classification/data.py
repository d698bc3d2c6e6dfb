"""From a dataset version's rows to tokenized splits; tokens are cached between runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.run_report import Report
from worker.engine.batching.token_cache import NO_CACHE, TokenCache
from worker.engine.batching.training_rows import read_rows

TOKENIZE_ROWS = 1000


@dataclass(frozen=True)
class LabelledExample:
    """A text with its label, or with the expected answer of another form as it is stored."""

    row_id: int
    text: str
    label: str


@dataclass(frozen=True)
class Encoded:
    """Tokenized rows: ids without padding, the target of each (a label number, or numbers), and how many texts were truncated."""

    tokens: list[list[int]]
    labels: list[Any]
    cut_rows: int

    @property
    def lengths(self) -> list[int]:
        """Tokens per row."""
        return [len(ids) for ids in self.tokens]


def read_examples(rows: Path, splits: Path, columns: dict[str, str]) -> dict[str, list[LabelledExample]]:
    """Split name -> its examples."""
    text, label = columns["text"], columns["label"]
    return {
        name: [LabelledExample(row_id, cells[text] or "", (cells[label] or "").strip()) for row_id, cells in split]
        for name, split in read_rows(rows, splits, (text, label)).items()
    }


def encode(
    examples: Sequence[LabelledExample],
    target: Callable[[LabelledExample], Any],
    tokenizer: Any,
    max_length: int,
    report: Report,
    cache: TokenCache = NO_CACHE,
) -> Encoded:
    """Tokenize, or read the tokens of an earlier run on the same rows with the same tokenizer and length."""
    # The row ids are part of the key: another version may split the same content differently.
    row_ids = ",".join(str(example.row_id) for example in examples)
    key = [tokenizer.backend_tokenizer.to_str(), str(max_length), row_ids]
    table = cache.load_or_make(key, lambda: _tokenize(examples, tokenizer, max_length, report))
    tokens = table.with_format("arrow")[:]["input_ids"].to_pylist()
    return Encoded(tokens, [target(example) for example in examples], sum(table["cut"]))


def _tokenize(
    examples: Sequence[LabelledExample], tokenizer: Any, max_length: int, report: Report
) -> dict[str, list[Any]]:
    ids: list[list[int]] = []
    cut: list[bool] = []
    for start in range(0, len(examples), TOKENIZE_ROWS):
        report.stop_if_asked()
        texts = [example.text for example in examples[start : start + TOKENIZE_ROWS]]
        encoded = tokenizer(texts, truncation=True, max_length=max_length, return_overflowing_tokens=False)
        whole = tokenizer(texts, truncation=False, verbose=False)["input_ids"]
        ids.extend(encoded["input_ids"])
        cut.extend(len(full) > max_length for full in whole)
    return {"input_ids": ids, "cut": cut}
