"""The scale on which numbers are learned: each of mean 0 and standard deviation 1 over the training rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from app.catalog.number_scores import Numbers

SCALE = "scale.json"
# What transformers calls such a head in its configuration.
PROBLEM = "regression"


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each number over the training rows, both (numbers,)."""

    mean: Numbers
    deviation: Numbers

    @classmethod
    def of(cls, numbers: Numbers) -> "Scale":
        """That of training rows (rows, numbers); a number that is always the same keeps its unit."""
        deviation = numbers.std(0)
        return cls(numbers.mean(0), np.where(deviation > 0, deviation, 1.0))

    def standardise(self, numbers: Numbers) -> Numbers:
        """Numbers as the head learns them."""
        return (numbers - self.mean) / self.deviation

    def restore(self, outputs: torch.Tensor) -> Numbers:
        """Outputs of the head (rows, numbers) in the unit of the data."""
        found: Numbers = outputs.double().numpy() * self.deviation + self.mean
        return found

    def write(self, folder: Path, names: Sequence[str]) -> None:
        """Beside the head, for programs that read the download."""
        known = {
            name: {"mean": mean, "std": deviation}
            for name, mean, deviation in zip(names, self.mean.tolist(), self.deviation.tolist(), strict=True)
        }
        text = json.dumps({"problem_type": PROBLEM, "numbers": known}, ensure_ascii=False, indent=1)
        (folder / SCALE).write_text(text, encoding="utf-8")


def read_scale(folder: Path, names: Sequence[str]) -> Scale:
    """What :meth:`Scale.write` wrote."""
    known = json.loads((folder / SCALE).read_text(encoding="utf-8"))["numbers"]
    return Scale(np.array([known[name]["mean"] for name in names]), np.array([known[name]["std"] for name in names]))
