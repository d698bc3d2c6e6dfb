"""The identity of a checkpoint: data, model, method, settings and library versions, and how two identities differ.

A run may be resumed with more epochs, another time limit or smaller micro-batches; anything else would make it another run.
"""

import json
from importlib.metadata import version
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec

# Settings that say how long a run takes or how its work is cut, not what it learns.
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
    settings: dict[str, Any] = spec.model_dump(mode="json")
    facts = {
        "data": spec.dataset_sha256,
        "columns": settings["columns"],
        "labels": settings["labels"],
        "task": spec.task_type,
        "base model": f"{base.name} {base.weights_sha256}",
        **({} if spec.base_precision == spec.method.base_precision else {"base precision": spec.base_precision}),
        **{f"method.{name}": value for name, value in settings["method"].items()},
        **{f"training.{name}": value for name, value in settings["training"].items() if name not in FREE_SETTINGS},
        **{f"{name} version": version(name) for name in LIBRARIES},
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def differences(saved: dict[str, str], now: dict[str, str]) -> list[str]:
    """One entry for each thing that is not as it was: ``["training.seed: 0 then, 9 now"]``."""
    return [
        f"{name}: {_short(saved.get(name))} then, {_short(now.get(name))} now"
        for name in sorted({*saved, *now})
        if saved.get(name) != now.get(name) and name.removeprefix("training.") not in FREE_SETTINGS
    ]


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= 40 else f"{value[:37]}..."
