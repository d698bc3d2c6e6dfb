"""What a run will cost, by arithmetic from the catalog's declarations; runs nothing and loads no model."""

import os
from typing import Any

import psutil
from pydantic import ValidationError

from app.catalog.base_models import BaseModelCard
from app.catalog.base_models import base_model as find_base_model
from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings
from app.errors import Rejected
from app.field_errors import field_refusal

# A trainer process that has imported torch, transformers and peft, before any model.
RUNTIME_BYTES = 550 * 1024**2
# fp32 weights; a trained weight also has a gradient and two moments of the optimiser.
WEIGHT_BYTES, TRAINED_EXTRA_BYTES = 4, 12
# What a transformer block keeps per token and hidden unit for the backward pass, in fp32.
KEPT_BYTES = 68
# What one CPU core does with small matrices, low and high; several cores share memory, so they add up to less.
# Measured with bf16 instructions: 45e9 in a run of three minutes, 19e9 in one of fifteen seconds.
CORE_FLOPS = (8e9, 60e9)
CORE_SHARE = 0.8
# Loading the model, tokenising, the linear probe and the final evaluation.
FIXED_SECONDS = (4.0, 20.0)
TYPICAL_TOKENS = 40.0
MEASURED, ESTIMATED = "measured on your data", "estimated from the characters of your data"
TOKENIZER_BYTES = 750_000


def estimate(
    *,
    base_model: str,
    method: dict[str, Any],
    training: dict[str, Any],
    rows: int,
    tokens_per_row: float | None = None,
    labels: int = 2,
    tokens_from: str = MEASURED,
) -> dict[str, Any]:
    """Memory, time and size of a run before it starts.

    Args:
        base_model: name from the catalog.
        method: ``{"kind": ..., settings}``.
        training: training settings; missing ones take their defaults.
        rows: training rows.
        tokens_per_row: mean length, if known.
        labels: size of the answer layer.
        tokens_from: how ``tokens_per_row`` is known, in words for the basis.

    Returns:
        ``{"trainable_parameters", "total_parameters", "memory_bytes": [low, high], "seconds": [low, high],
        "adapter_bytes", "steps", "basis", "fit": "fits" | "tight" | "too large", "available_bytes"}``.

    Raises:
        Rejected: an unknown model, method or setting, or a value out of bounds.
    """
    if rows < 1:
        raise Rejected("range", f"There are {rows} training rows.", "Give at least 1.")
    card = find_base_model(base_model)
    try:
        chosen = method_class(str(method.get("kind", ""))).model_validate(method)
        settings = TrainingSettings.model_validate(training)
    except ValidationError as error:
        raise field_refusal(error.errors()) from None
    length = min(tokens_per_row or TYPICAL_TOKENS, settings.max_length)
    # Models that write have no answer layer.
    head = card.hidden_size * labels + labels if "text-classification" in card.task_types else 0
    trainable = chosen.trainable_parameters(card) + head
    memory = _memory(card, settings, trainable, length)
    available = psutil.virtual_memory().available
    return {
        "trainable_parameters": trainable,
        "total_parameters": card.parameters + head,
        "memory_bytes": memory,
        "seconds": _seconds(card, settings, trainable, rows, length),
        "adapter_bytes": trainable * WEIGHT_BYTES + TOKENIZER_BYTES,
        "steps": max(1, round(settings.epochs * -(-rows // settings.batch_size))),
        "basis": _basis(tokens_from if tokens_per_row else "assumed", length, rows, settings),
        "fit": _fit(memory, available),
        "available_bytes": available,
    }


def _memory(card: BaseModelCard, settings: TrainingSettings, trainable: int, length: float) -> list[int]:
    fixed = RUNTIME_BYTES + card.parameters * WEIGHT_BYTES + trainable * TRAINED_EXTRA_BYTES
    rows = settings.batch_size / settings.accumulation
    per_token = card.layers * card.hidden_size * KEPT_BYTES
    # Low: every row has the mean length. High: a portion in which every row is as long as allowed.
    return [int(fixed + rows * tokens * per_token) for tokens in (length, max(length, settings.max_length))]


def _seconds(card: BaseModelCard, settings: TrainingSettings, trainable: int, rows: int, length: float) -> list[float]:
    matrices = card.layers * sum(inputs * outputs for inputs, outputs in card.linear_shapes)
    # Forward 2 operations per weight and token, the same again to carry gradients back, and again for trained weights.
    per_token = 4 * matrices + 2 * min(trainable, matrices)
    work = per_token * rows * length * settings.epochs
    cores = max(1.0, (os.cpu_count() or 1) * CORE_SHARE)
    fast, slow = CORE_FLOPS[1] * cores, CORE_FLOPS[0] * cores
    return [round(FIXED_SECONDS[0] + work / fast, 1), round(FIXED_SECONDS[1] + work / slow, 1)]


def _basis(source: str, length: float, rows: int, settings: TrainingSettings) -> str:
    return (
        f"{rows:,} rows x {length:.0f} tokens ({source}) x {settings.epochs:g} passes on "
        f"{os.cpu_count() or 1} processor cores. The range covers slow and fast machines; a GPU is faster."
    )


def _fit(memory: list[int], available: int) -> str:
    if memory[1] < 0.8 * available:
        return "fits"
    return "tight" if memory[0] < available else "too large"
