"""Presets of training settings that a new run offers, in the order of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """One card of the settings step.

    Attributes:
        training: the settings that differ from the defaults of :class:`~app.catalog.training.TrainingSettings`.
        reason: why this preset is the recommended one; empty for the others.
    """

    name: str
    title: str
    summary: str
    training: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The entry of ``GET /api/v1/catalog``."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "training": dict(self.training),
            "reason": self.reason,
        }


PRESETS: tuple[Preset, ...] = (
    Preset(
        "quick",
        "Quick",
        "1 epoch (one pass over the data), to see whether the idea works.",
        {"epochs": 1},
    ),
    Preset(
        "balanced",
        "Balanced",
        "The defaults: enough epochs for most data.",
        reason="the checkpoint with the best validation score is kept, so more epochs rarely gain much.",
    ),
    Preset(
        "thorough",
        "Thorough",
        "Twice the epochs and two evaluations in each, for the last bit of quality.",
        {"epochs": 6, "evaluations_per_epoch": 2},
    ),
)
