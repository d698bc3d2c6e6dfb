"""What a checkpoint belongs to: data, model, method, settings and library versions, and how two of these differ.

A run may go on with more passes, another time limit or smaller portions; anything else would make it another run.
"""

import json
from importlib.metadata import version
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec

# Settings that say how long a run goes on or how its work is cut, not what it learns.
FREE_SETTINGS = frozenset(
    {
        "epochs",
        "patience",
        "time_limit_minutes",
        "accumulation",
        "gradient_checkpointing",
        "needs",
        "base_precision",
        "devices",
        "measure_forgetting",
    }
)
LIBRARIES = ("torch", "transformers", "peft", "accelerate")


def identify(spec: RunSpec, base: BaseModelCard) -> dict[str, str]:
    """Everything that decides what is learned, as ``{name: value}`` in words that a person can read."""
    told: dict[str, Any] = spec.model_dump(mode="json")
    facts = {
        "data": spec.dataset_sha256,
        "columns": told["columns"],
        "labels": told["labels"],
        "task": spec.task_type,
        "base model": f"{base.name} {base.weights_sha256}",
        **({} if spec.base_precision == spec.method.base_precision else {"base precision": spec.base_precision}),
        **{f"method.{name}": value for name, value in told["method"].items()},
        **{f"training.{name}": value for name, value in told["training"].items() if name not in FREE_SETTINGS},
        **{f"{name} version": version(name) for name in LIBRARIES},
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def differences(kept: dict[str, str], now: dict[str, str]) -> list[str]:
    """One entry for each thing that is not as it was: ``["training.seed: 0 then, 9 now"]``."""
    return [
        f"{name}: {_short(kept.get(name))} then, {_short(now.get(name))} now"
        for name in sorted({*kept, *now})
        if kept.get(name) != now.get(name) and name.removeprefix("training.") not in FREE_SETTINGS
    ]


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= 40 else f"{value[:37]}..."
