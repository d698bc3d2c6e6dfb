"""Which methods a test runs for: all of them, those that matter most in the ordinary suite, the rest under ``methods``."""

from typing import Any

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.base import Method
from app.catalog.methods.capabilities import MODEL_KINDS, SEQUENCES, TOKENS, can

# One of every way to attach, to save and to load; the others differ from one of them in a formula.
QUICK = ("lora", "full", "qlora", "sparse", "bottleneck-adapter", "prompt-tuning", "pissa", "adalora")
# Smaller than the defaults where a tiny model has less room than the default wants.
SMALL: dict[str, dict[str, Any]] = {
    "prompt-tuning": {"tokens": 4},
    "p-tuning": {"tokens": 4},
    "prefix-tuning": {"tokens": 4},
    "trainable-tokens": {"tokens": 8},
}
KINDS = [method.model_fields["kind"].default for method in METHODS]


def every(quick: tuple[str, ...] = QUICK) -> list[Any]:
    """All methods; those outside ``quick`` are run by ``make test-methods`` alone."""
    return [kind if kind in quick else pytest.param(kind, marks=pytest.mark.methods) for kind in KINDS]


def pairs(quick_models: tuple[str, ...] = MODEL_KINDS, ability: str = "") -> list[Any]:
    """(method, kind of model) that go together; models outside ``quick_models`` are left to ``make test-methods``.

    ``ability`` keeps only the methods that have it.
    """
    return [
        pytest.param(kind, model, id=f"{kind}-{model}", marks=() if model in quick_models else (pytest.mark.methods,))
        for kind in KINDS
        for model in method_class(kind).capabilities.models
        if (not ability or can(method_class(kind), ability)) and _has_something_to_learn(kind, model)
    ]


def make(kind: str, **settings: Any) -> Method:
    """The method with settings that fit a tiny model."""
    return method_class(kind).model_validate({"kind": kind, **SMALL.get(kind, {}), **settings})


def _has_something_to_learn(kind: str, model: str) -> bool:
    return kind != "head-only" or model in (SEQUENCES, TOKENS)
