"""Rows with marked words: how they are shown, and repairs and splits of such data."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app import storage
from app.errors import Rejected
from app.models import Dataset
from app.services.datasets import changes, datasets
from app.services.datasets.changes import MergeLabels, Repair
from app.services.datasets.row_search import Selection, find_rows
from app.services.profiling.marked_rows import with_marked_text


def import_rows(owner: str, folder: Path, rows: Sequence[dict[str, Any]]) -> Dataset:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return datasets.import_file(owner, (path, path.name))


def sentences(count: int, *odd: tuple[str, str]) -> list[dict[str, Any]]:
    good = [(f"Person{n} likes thing{n} number {n} best", "B-PER O B-THING O O O") for n in range(count)]
    return [{"tokens": words.split(), "tags": tags.split()} for words, tags in [*good, *odd]]


def problems(dataset: Dataset) -> set[str]:
    return {problem["code"] for problem in datasets.latest_version(dataset).report["problems"]}


def shown(dataset: Dataset, **selection: Any) -> list[dict[str, Any]]:
    version = datasets.latest_version(dataset)
    page = find_rows(storage.dataset_dir(version.id), Selection(**selection)).as_dict()
    return [row["marked"] for row in with_marked_text(page, version)["rows"]]


def test_repair_begins_entities_with_b(owner: str, tmp_path: Path) -> None:
    dataset = import_rows(owner, tmp_path, sentences(40, ("Bo Lund left early today", "I-PER I-PER O O O")))
    assert "i_without_b" in problems(dataset)
    before = shown(dataset, problem="i_without_b")
    changed = changes.change(owner, dataset.id, [Repair(Selection(problem="i_without_b"))])
    assert "i_without_b" not in problems(changed)
    assert (
        shown(changed, search="Lund")
        == before
        == [{"column": "tokens", "text": "Bo Lund left early today", "spans": [[0, 7, "PER"]]}]
    )
    with pytest.raises(Rejected, match="Nothing would be different"):
        changes.change(owner, dataset.id, [Repair(Selection())])


def test_spelling_variants_of_a_type_are_merged(owner: str, tmp_path: Path) -> None:
    odd = [("Bo left today", "B-Per O O"), ("Al stayed a while longer", "B-per O O O O")]
    dataset = import_rows(owner, tmp_path, sentences(40, *odd))
    assert "label_spelling" in problems(dataset)
    changed = changes.change(owner, dataset.id, [MergeLabels()])
    assert datasets.latest_version(changed).labels == {"PER": 42, "THING": 40}


def test_every_split_has_the_rare_type(owner: str, tmp_path: Path) -> None:
    """Ten sentences of a hundred and ten have a DATE; by chance the test would have one or none."""
    rare = [(f"Guest{n} sees {n} shows on Monday", "B-PER O O O O B-DATE") for n in range(10)]
    version = datasets.latest_version(import_rows(owner, tmp_path, sentences(100, *rare)))
    splits = storage.read_json(storage.dataset_dir(version.id) / "splits.json")
    assert [sum(row_id >= 100 for row_id in splits[name]) for name in ("train", "validation", "test")] == [8, 1, 1]
