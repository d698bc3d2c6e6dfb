"""From a dataset version's rows to texts with sets of labels."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from app.catalog.task_types.label_sets import as_text
from app.catalog.task_types.multi_label_classification import MultiLabelClassification
from worker.engine.batching.training_rows import read_rows
from worker.engine.tasks.classification.data import LabelledExample
from worker.engine.tasks.multi_label.evaluate import Given


def read_examples(
    rows: Path, splits: Path, task: MultiLabelClassification, columns: Mapping[str, str]
) -> dict[str, list[LabelledExample]]:
    """Split name -> its examples; the label is the JSON list of the row's labels."""
    return {
        name: [
            LabelledExample(row_id, cells[columns["text"]] or "", as_text(task.label_set(cells, columns)))
            for row_id, cells in split
        ]
        for name, split in read_rows(rows, splits, columns.values()).items()
    }


def indicators(examples: Sequence[LabelledExample], labels: Sequence[str]) -> Given:
    """Which labels apply, (rows, labels)."""
    numbers = {label: number for number, label in enumerate(labels)}
    found = np.zeros((len(examples), len(labels)), dtype=bool)
    for row, example in enumerate(examples):
        found[row, [numbers[label] for label in json.loads(example.label)]] = True
    return found


def names_of(given: Given, labels: Sequence[str]) -> list[str]:
    """The JSON list of each row's labels."""
    return [as_text(label for label, applies in zip(labels, row, strict=True) if applies) for row in given]
