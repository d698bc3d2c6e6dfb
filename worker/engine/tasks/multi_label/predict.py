"""Gives texts labels with an adapter folder: in the inference server, and in the check after saving."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.task_types.text_pairs import TextInput
from worker.engine.tasks.classification.predict import HeadPredictor
from worker.engine.tasks.multi_label.evaluate import MIDDLE, probabilities

DECISIONS = "decisions.json"
# What transformers calls such a head in its configuration.
PROBLEM = "multi_label_classification"


def write_decisions(folder: Path, labels: Sequence[str], thresholds: Sequence[float]) -> None:
    """How probabilities become labels, for programs that read the download."""
    decided = dict(zip(labels, map(float, thresholds), strict=True))
    text = json.dumps({"problem_type": PROBLEM, "thresholds": decided}, ensure_ascii=False, indent=1)
    (folder / DECISIONS).write_text(text, encoding="utf-8")


def read_thresholds(folder: Path, labels: Sequence[str]) -> list[float]:
    """The threshold of each label; the middle for one that is not written, as in a checkpoint."""
    path = folder / DECISIONS
    known = json.loads(path.read_text(encoding="utf-8"))["thresholds"] if path.exists() else {}
    return [float(known.get(label, MIDDLE)) for label in labels]


class SetPredictor(HeadPredictor):
    """A tuned classifier in fp32: any number of labels for each text."""

    def __init__(self, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> None:
        super().__init__(folder, base_folder, base, device)
        self.thresholds = read_thresholds(folder, self.labels)

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """``[{"labels", "probabilities": {label: probability}, "thresholds": {label: threshold}}]``, from likely to unlikely."""
        limits = dict(zip(self.labels, self.thresholds, strict=True))
        answers: list[dict[str, Any]] = []
        for row in probabilities(self.logits(texts)).tolist():
            ranked = dict(sorted(zip(self.labels, row, strict=True), key=lambda pair: -pair[1]))
            given = [label for label, share in ranked.items() if share > limits[label]]
            answers.append(
                {"labels": given, "probabilities": ranked, "thresholds": {name: limits[name] for name in ranked}}
            )
        return answers
