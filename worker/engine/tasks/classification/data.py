"""From a dataset version's file to tokenised splits; tokens are kept in the cache and read back as Arrow."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from app.run_report import Report
from worker.engine.batching.token_cache import keep_once

TOKENISE_ROWS = 1000


@dataclass(frozen=True)
class LabelledExample:
    """One row as the task sees it."""

    row_id: int
    text: str
    label: str


@dataclass(frozen=True)
class Splits:
    """The frozen splits of a dataset version; ``sha256`` names the content and is the cache's key."""

    train: list[LabelledExample]
    validation: list[LabelledExample]
    test: list[LabelledExample]
    sha256: str = ""


@dataclass(frozen=True)
class Encoded:
    """Tokenised rows: ids without padding, label numbers, and how many texts were cut at the maximum length."""

    tokens: list[list[int]]
    labels: list[int]
    cut_rows: int

    @property
    def lengths(self) -> list[int]:
        """Tokens per row."""
        return [len(ids) for ids in self.tokens]


def read_splits(rows_path: Path, splits_path: Path, columns: dict[str, str], sha256: str) -> Splits:
    """Read the version's rows and deal them out as its frozen splits say."""
    wanted = ["_id", columns["text"], columns["label"]]
    table = parquet.read_table(rows_path, columns=list(dict.fromkeys(wanted)))
    ids, texts, labels = (table.column(name).to_pylist() for name in wanted)
    by_id = {
        n: LabelledExample(n, text or "", (label or "").strip())
        for n, text, label in zip(ids, texts, labels, strict=True)
    }
    frozen = json.loads(splits_path.read_text(encoding="utf-8"))
    parts = {name: [by_id[n] for n in frozen[name]] for name in ("train", "validation", "test")}
    return Splits(**parts, sha256=sha256)


def encode(
    examples: Sequence[LabelledExample],
    label_numbers: dict[str, int],
    tokenizer: Any,
    max_length: int,
    report: Report,
    cache: Path | None = None,
    key: str = "",
) -> Encoded:
    """Tokenise, or read the tokens of an earlier run on the same rows with the same tokenizer and length.

    Args:
        cache: folder for kept tokens; None keeps nothing.
        key: name of the content, e.g. ``"<dataset sha256>/train"``.
    """
    # The row ids are part of the name: the same content may be split differently by another version.
    rows = ",".join(str(each.row_id) for each in examples)
    words = [key, tokenizer.backend_tokenizer.to_str(), str(max_length), rows]
    table = keep_once(cache if key else None, words, lambda: _tokenise(examples, tokenizer, max_length, report))
    tokens = table.with_format("arrow")[:]["input_ids"].to_pylist()
    return Encoded(tokens, [label_numbers[each.label] for each in examples], sum(table["cut"]))


def _tokenise(
    examples: Sequence[LabelledExample], tokenizer: Any, max_length: int, report: Report
) -> dict[str, list[Any]]:
    ids: list[list[int]] = []
    cut: list[bool] = []
    for start in range(0, len(examples), TOKENISE_ROWS):
        report.stop_if_asked()
        texts = [each.text for each in examples[start : start + TOKENISE_ROWS]]
        made = tokenizer(texts, truncation=True, max_length=max_length, return_overflowing_tokens=False)
        whole = tokenizer(texts, truncation=False, verbose=False)["input_ids"]
        ids.extend(made["input_ids"])
        cut.extend(len(full) > max_length for full in whole)
    return {"input_ids": ids, "cut": cut}
