"""From a dataset version's rows to tokenized splits; tokens are cached between runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.catalog.task_types import text_pairs
from app.catalog.task_types.text_pairs import TextInput
from app.run_report import Report
from worker.engine.batching.token_cache import NO_CACHE, TokenCache
from worker.engine.batching.training_rows import read_rows
from worker.engine.modeling.tokenizer import tokenize

TOKENIZE_ROWS = 1000


@dataclass(frozen=True)
class LabelledExample:
    """A text with its label, or with the expected answer of another form as it is stored; ``text_pair`` is a second text."""

    row_id: int
    text: str
    label: str
    text_pair: str | None = None

    @property
    def texts(self) -> TextInput:
        """What the model reads."""
        return self.text if self.text_pair is None else (self.text, self.text_pair)

    @property
    def input(self) -> str:
        """The same as it is stored."""
        return text_pairs.written(self.texts)


@dataclass(frozen=True)
class Encoded:
    """Tokenized rows.

    Attributes:
        tokens: ids without padding.
        labels: the target of each row: a label number, or numbers.
        cut_rows: how many texts were truncated.
        token_types: 0 for tokens of the first text and 1 for those of the second, of models that tell them apart; else None.
    """

    tokens: list[list[int]]
    labels: list[Any]
    cut_rows: int
    token_types: list[list[int]] | None = None

    @property
    def lengths(self) -> list[int]:
        """Tokens per row."""
        return [len(ids) for ids in self.tokens]


def read_examples(
    rows: Path, splits: Path, columns: Mapping[str, str], label_of: Callable[[Mapping[str, Any]], str] | None = None
) -> dict[str, list[LabelledExample]]:
    """Split name -> its examples; ``label_of`` gives the answer to a row as it is stored, of the column ``label`` if None."""

    def example(row_id: int, cells: Mapping[str, Any]) -> LabelledExample:
        texts = text_pairs.input_of(cells, columns)
        first, second = (texts, None) if isinstance(texts, str) else texts
        label = label_of(cells) if label_of else str(cells[columns["label"]] or "").strip()
        return LabelledExample(row_id, first, label, second)

    return {name: [example(*row) for row in split] for name, split in read_rows(rows, splits, columns.values()).items()}


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
    paired = bool(examples) and examples[0].text_pair is not None
    key = [tokenizer.backend_tokenizer.to_str(), str(max_length), row_ids, *(["pairs"] if paired else [])]
    table = cache.load_or_make(key, lambda: _tokenize(examples, tokenizer, max_length, report))
    columns = table.with_format("arrow")[:]
    tokens = columns["input_ids"].to_pylist()
    types = columns["token_type_ids"].to_pylist() if "token_type_ids" in table.column_names else None
    return Encoded(tokens, [target(example) for example in examples], sum(table["cut"]), types)


def _tokenize(
    examples: Sequence[LabelledExample], tokenizer: Any, max_length: int, report: Report
) -> dict[str, list[Any]]:
    ids: list[list[int]] = []
    types: list[list[int]] = []
    cut: list[bool] = []
    for start in range(0, len(examples), TOKENIZE_ROWS):
        report.stop_if_asked()
        texts = [example.texts for example in examples[start : start + TOKENIZE_ROWS]]
        encoded = tokenize(tokenizer, texts, max_length)
        whole = tokenize(tokenizer, texts)["input_ids"]
        ids.extend(encoded["input_ids"])
        types.extend(encoded.get("token_type_ids", ()))
        cut.extend(len(full) > max_length for full in whole)
    return {"input_ids": ids, "cut": cut, **({"token_type_ids": types} if types else {})}
