"""Gives texts numbers with an adapter folder: in the inference server, and in the check after saving."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.task_types.text_pairs import TextInput
from worker.engine.tasks.classification.predict import HeadPredictor
from worker.engine.tasks.regression.scale import read_scale


class NumberPredictor(HeadPredictor):
    """A tuned regression in fp32: a number for each text, or several."""

    def __init__(self, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> None:
        super().__init__(folder, base_folder, base, device)
        self.scale = read_scale(folder, self.labels)

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """``[{"numbers": {name: number}, "means": {name: number}, "deviations": {name: number}}]``.

        The last two are of the training rows, to see where an answer lies among them.
        """
        means = dict(zip(self.labels, self.scale.mean.tolist(), strict=True))
        deviations = dict(zip(self.labels, self.scale.deviation.tolist(), strict=True))
        return [
            {"numbers": dict(zip(self.labels, row, strict=True)), "means": means, "deviations": deviations}
            for row in self.scale.restore(self.logits(texts)).tolist()
        ]
