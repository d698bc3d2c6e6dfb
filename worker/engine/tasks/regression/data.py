"""From a dataset version's rows to texts, or pairs of texts, with numbers."""

from collections.abc import Mapping
from pathlib import Path

from app.catalog.task_types.base import TaskType
from app.catalog.task_types.number_forms import as_text, score_columns
from worker.engine.tasks.classification import data
from worker.engine.tasks.classification.data import LabelledExample


def read_examples(
    rows: Path, splits: Path, task: TaskType, columns: Mapping[str, str]
) -> dict[str, list[LabelledExample]]:
    """Split name -> its examples; the label holds the numbers as they are stored."""
    names = score_columns(columns)
    return data.read_examples(rows, splits, columns, lambda cells: as_text(names, task.numbers(cells, columns)))
