"""Answers of a classifier and of its baselines to rows that were held out: a test split, or the folds of a cross-validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from worker.engine.tasks.classification.data import LabelledExample


@dataclass(frozen=True)
class HeldOutTexts:
    """Rows with logits (rows, outputs) of the tuned model and of the linear probe, and answers by baseline."""

    examples: Sequence[LabelledExample]
    logits: torch.Tensor
    base_logits: torch.Tensor
    baselines: Mapping[str, Sequence[Any]]

    def label_numbers(self, labels: Sequence[str]) -> list[int]:
        """The expected label of each row, as its place among ``labels``."""
        numbers = {label: number for number, label in enumerate(labels)}
        return [numbers[example.label] for example in self.examples]

    def as_json(self) -> dict[str, Any]:
        """Row ids and answers; fp32 numbers are the same again when they are read."""
        return {
            "row_ids": [example.row_id for example in self.examples],
            "logits": self.logits.tolist(),
            "base_logits": self.base_logits.tolist(),
            "baselines": {name: list(answers) for name, answers in self.baselines.items()},
        }

    @classmethod
    def joined(cls, folds: Sequence[Mapping[str, Any]], examples: Sequence[LabelledExample]) -> "HeldOutTexts":
        """The rows of all folds, by rising row id; baselines that could not be fitted in every fold are left out.

        Args:
            folds: what :meth:`as_json` gave.
            examples: every row of the folds, in any order.
        """
        known = {example.row_id: example for example in examples}
        row_ids = [row_id for fold in folds for row_id in fold["row_ids"]]
        order = sorted(range(len(row_ids)), key=row_ids.__getitem__)
        names = [name for name in folds[0]["baselines"] if all(name in fold["baselines"] for fold in folds)]
        answers = {name: [answer for fold in folds for answer in fold["baselines"][name]] for name in names}
        logits, base_logits = (
            torch.tensor([row for fold in folds for row in fold[key]])[order] for key in ("logits", "base_logits")
        )
        baselines = {name: [given[at] for at in order] for name, given in answers.items()}
        return cls([known[row_ids[at]] for at in order], logits, base_logits, baselines)
