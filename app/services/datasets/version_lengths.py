"""Lengths of the texts of a version in tokens of any base model, and how many rows are cut at a given length.

The lengths for the recommended model are in the version's folder; those for others are counted once and cached.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from app import files, storage
from app.catalog.base_models import base_model as find_base_model
from app.catalog.task_types import task_type as find_task_type
from app.catalog.text_length import TextLength, declared_length
from app.models import DatasetVersion
from app.services.datasets.row_tables import read_rows
from app.services.datasets.versions import LENGTHS_FILE
from app.services.profiling.default_lengths import length_for
from app.services.profiling.token_lengths import PORTION_TEXTS, TokenCounter, TokenLengths

# Below the cache folder: lengths for models other than the recommended one, by the id of the version.
LENGTHS_FOLDER = "lengths"


def lengths_of(version: DatasetVersion, base_model: str = "") -> TokenLengths:
    """The lengths of the usable rows; for the recommended model if none is named.

    Raises:
        Rejected: there is no such model.
    """
    stored = storage.dataset_dir(version.id) / LENGTHS_FILE
    if stored.exists() and (lengths := _load(stored)) and base_model in ("", lengths.base_model):
        return lengths
    name = find_base_model(base_model).name
    cached = storage.cache_dir() / LENGTHS_FOLDER / f"{version.id}-{name.replace('/', '--')}.json"
    if not cached.exists():
        files.write_json(cached, _count(version, name).as_dict())
    return _load(cached)


def _load(path: Path) -> TokenLengths:
    return TokenLengths(**storage.read_json(path))


def with_default_cut(version: DatasetVersion, base_model: str = "") -> dict[str, Any]:
    """JSON form of the lengths, and ``max_length``: the tokens of a text that a run reads by default, and its ``reason``."""
    lengths = lengths_of(version, base_model)
    card = find_base_model(lengths.base_model)
    chosen = length_for(find_task_type(version.task_type), card, lengths)
    return {**lengths.as_dict(), "max_length": chosen.tokens, "reason": chosen.reason}


def default_length(version: DatasetVersion, base_model: str, room: int | None = None) -> TextLength:
    """The maximum length of a run on this version unless somebody says otherwise.

    Args:
        room: the longest text that the model reads beside what a method puts before it; all that it reads if None.

    Raises:
        Rejected: there is no such model.
    """
    card, task = find_base_model(base_model), find_task_type(version.task_type)
    # Where the rows are gone, that is said by whatever reads them.
    if not task.cuts_texts or not (storage.dataset_dir(version.id) / "splits.json").exists():
        return declared_length(task.training_defaults, card.context_length if room is None else room)
    return length_for(task, card, lengths_of(version, card.name), room)


def cut_at(version: DatasetVersion, base_model: str, max_length: int) -> dict[str, Any]:
    """The effect of cutting texts at ``max_length`` tokens: ``{"cut_rows", "rows", "tokens_per_row", "measured", ...}``."""
    lengths = lengths_of(version, base_model)
    return {
        "cut_rows": lengths.cut_rows(max_length),
        "rows": lengths.rows,
        "max_length": max_length,
        "tokens_per_row": lengths.mean_tokens(max_length),
        "longest": lengths.longest,
        "measured": lengths.measured,
    }


def _count(version: DatasetVersion, base_model: str) -> TokenLengths:
    folder = storage.dataset_dir(version.id)
    splits = storage.read_json(folder / "splits.json")
    usable = {row_id for name in ("train", "validation", "test") for row_id in splits[name]}
    task = find_task_type(version.task_type)
    counter, counts, waiting = TokenCounter(base_model), Counter[int](), list[str]()
    for row in read_rows(folder, list(version.columns.values())):
        if row["_id"] in usable:
            waiting.append(task.readable(row, version.columns))
        if len(waiting) >= PORTION_TEXTS:
            counts.update(counter.count(waiting))
            waiting.clear()
    counts.update(counter.count(waiting))
    return TokenLengths.from_counts(counts, base_model, counter.measured)
