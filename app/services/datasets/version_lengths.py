"""How long the texts of a version are for any base model, and so how many rows are cut at a given length.

The lengths for the recommended model lie in the version's folder; those for others are counted once and kept in the
cache. Knows no door.
"""

from collections import Counter
from typing import Any

from app import files, storage
from app.catalog.base_models import base_model as find_base_model
from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import with_defaults
from app.models import DatasetVersion
from app.services.datasets.row_tables import read_rows
from app.services.datasets.versions import LENGTHS_FILE
from app.services.profiling.token_lengths import PORTION_TEXTS, TokenCounter, cut_rows, describe, mean_tokens


def lengths_of(version: DatasetVersion, base_model: str = "") -> dict[str, Any]:
    """``{"base_model", "measured", "rows", "mean", "longest", "counts": {tokens: rows}}`` over the usable rows.

    Raises:
        Rejected: there is no such model.
    """
    stored = storage.dataset_dir(version.id) / LENGTHS_FILE
    if stored.exists() and (told := storage.read_json(stored)) and base_model in ("", told["base_model"]):
        return dict(told)
    name = find_base_model(base_model).name
    kept = storage.cache_dir() / "lengths" / f"{version.id}-{name.replace('/', '--')}.json"
    if not kept.exists():
        files.write_json(kept, _count(version, name))
    return dict(storage.read_json(kept))


def with_usual_cut(version: DatasetVersion, base_model: str = "") -> dict[str, Any]:
    """``lengths_of`` and ``max_length``: how many tokens of a text a run reads when nobody changes that setting."""
    lengths = lengths_of(version, base_model)
    card = find_base_model(lengths["base_model"])
    settings = with_defaults({}, find_task_type(version.task_type).training_defaults, card.context_length)
    return {**lengths, "max_length": settings["max_length"]}


def cut_at(version: DatasetVersion, base_model: str, max_length: int) -> dict[str, Any]:
    """What a longest text of ``max_length`` tokens means here: ``{"cut_rows", "rows", "tokens_per_row", "measured"}``."""
    lengths = lengths_of(version, base_model)
    return {
        "cut_rows": cut_rows(lengths, max_length),
        "rows": lengths["rows"],
        "max_length": max_length,
        "tokens_per_row": mean_tokens(lengths, max_length),
        "longest": lengths["longest"],
        "measured": lengths["measured"],
    }


def _count(version: DatasetVersion, base_model: str) -> dict[str, Any]:
    folder = storage.dataset_dir(version.id)
    dealt = storage.read_json(folder / "splits.json")
    usable = {row_id for name in ("train", "validation", "test") for row_id in dealt[name]}
    task = find_task_type(version.task_type)
    counter, counts, waiting = TokenCounter(base_model), Counter[int](), list[str]()
    for row in read_rows(folder, list(version.columns.values())):
        if row["_id"] in usable:
            waiting.append(task.readable(row, version.columns))
        if len(waiting) >= PORTION_TEXTS:
            counts.update(counter.count(waiting))
            waiting.clear()
    counts.update(counter.count(waiting))
    return describe(counts, base_model, counter.measured)
