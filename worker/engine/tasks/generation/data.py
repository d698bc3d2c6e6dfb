"""From a dataset version's rows to tokens that a model learns to write: read, mark, cut, count. Knows no model.

Conversations lose their end at the longest length; running text loses nothing, it is cut into pieces.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from app.catalog.loss_mask import LossMasker, MaskedExample
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow
from app.run_report import Report
from worker.engine.batching.token_cache import keep_once

LOOK_EVERY = 500
COLUMNS = ("ids", "learned")


@dataclass(frozen=True)
class TokenizedExample:
    """One example as tokens: ``learned`` says which of ``ids`` the model is to predict, at least one."""

    row_id: int
    lesson: Example
    ids: list[int]
    learned: list[bool]

    @property
    def weight(self) -> int:
        """Tokens that are predicted; the first has nothing before it."""
        return sum(self.learned[1:])


@dataclass(frozen=True)
class TokenizedSplit:
    """One split as tokens; ``cut_rows`` lost their end, ``left_out`` lost everything that was to be learned."""

    examples: list[TokenizedExample]
    cut_rows: int
    left_out: int

    @property
    def lengths(self) -> list[int]:
        """Tokens per example."""
        return [len(each.ids) for each in self.examples]


def read_examples(
    rows: Path, splits: Path, task: GenerativeTask, columns: dict[str, str]
) -> dict[str, list[tuple[int, Example]]]:
    """Split name -> (row id, lesson), as the version's frozen splits say."""
    names = ["_id", *dict.fromkeys(columns.values())]
    table = parquet.read_table(rows, columns=names)
    cells = [table.column(name).to_pylist() for name in names]
    by_id = {values[0]: dict(zip(names, values, strict=True)) for values in zip(*cells, strict=True)}
    frozen = json.loads(splits.read_text(encoding="utf-8"))
    wanted = {name: frozen[name] for name in ("train", "validation", "test")}
    return {name: list(_lessons(task, columns, by_id, ids)) for name, ids in wanted.items()}


def _lessons(
    task: GenerativeTask, columns: dict[str, str], rows: dict[int, dict[str, Any]], ids: Iterable[int]
) -> Iterator[tuple[int, Example]]:
    for row_id in ids:
        try:
            yield row_id, task.read_example(rows[row_id], columns)
        except UnusableRow:
            # The splits hold usable rows only; one that an older version of a check let through teaches nothing.
            continue


def tokenize_and_mask(
    lessons: Sequence[tuple[int, Example]],
    masker: LossMasker,
    longest: int,
    report: Report,
    cache: Path | None = None,
    key: str = "",
) -> TokenizedSplit:
    """Tokens of every lesson, at most ``longest`` per example; read back if an earlier run marked the same lessons.

    Args:
        cache: folder for kept tokens; None keeps nothing.
        key: name of the content, e.g. ``"<dataset sha256>/train"``, and of how its rows are read.
    """
    # Kept before they are cut, so that another length uses the same tokens.
    words = [key, masker.identity, ",".join(str(row_id) for row_id, _ in lessons)]
    table = keep_once(cache if key else None, words, lambda: _mark(lessons, masker, report)).with_format("arrow")[:]
    examples: list[TokenizedExample] = []
    cut = left_out = 0
    for (row_id, lesson), ids, learned in zip(lessons, *(table[name].to_pylist() for name in COLUMNS), strict=True):
        pieces = _pieces(row_id, lesson, ids, learned, longest)
        cut += bool(lesson.turns) and len(ids) > longest
        left_out += not pieces
        examples.extend(pieces)
    return TokenizedSplit(examples, cut, left_out)


def _mark(lessons: Sequence[tuple[int, Example]], masker: LossMasker, report: Report) -> dict[str, list[Any]]:
    made: list[MaskedExample] = []
    for number, (_, lesson) in enumerate(lessons):
        if number % LOOK_EVERY == 0:
            report.stop_if_asked()
        made.append(masker.mask(lesson))
    return {"ids": [each.ids for each in made], "learned": [each.learned for each in made]}


def _pieces(row_id: int, lesson: Example, ids: list[int], learned: list[bool], longest: int) -> list[TokenizedExample]:
    """A conversation's beginning, or all of a running text; each piece begins with the last token of the one before."""
    starts = [0] if lesson.turns else range(0, max(1, len(ids) - 1), max(1, longest - 1))
    made = [TokenizedExample(row_id, lesson, ids[at : at + longest], learned[at : at + longest]) for at in starts]
    return [each for each in made if each.weight]
