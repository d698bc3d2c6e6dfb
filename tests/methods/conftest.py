"""Trained tiny models, one for each method and kind of model, made when first asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method
from tests.methods import models
from tests.methods.choice import make
from tests.tiny import make_base


@dataclass(frozen=True)
class Trained:
    """A method on a tiny model after twenty updates, what it answered then, and the folder it was saved in."""

    method: Method
    model: nn.Module
    losses: list[float]
    logits: torch.Tensor
    folder: Path
    learning: int
    gradient: float

    def reload(self, kind: str) -> nn.Module:
        """As somebody else would load it: on a fresh base whose new parts start elsewhere."""
        return self.method.load(models.make_model(kind, head_seed=99), self.folder)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    """The tiny encoder that tests of the engine train."""
    folder = tmp_path_factory.mktemp("base")
    return make_base(folder), folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Trained]:
    known: dict[tuple[str, str], Trained] = {}

    def get(kind: str, model_kind: str) -> Trained:
        if (kind, model_kind) not in known:
            known[kind, model_kind] = _train(make(kind), model_kind, tmp_path_factory.mktemp("saved"))
        return known[kind, model_kind]

    return get


def _train(method: Method, kind: str, folder: Path) -> Trained:
    model = models.apply(method, kind)
    new = tuple(f"{name}." for name in models.KINDS[kind].heads)
    added = [
        weight for name, weight in model.named_parameters() if weight.requires_grad and not any(n in name for n in new)
    ]
    learning = sum(entry.numel() for entry in added)
    model.train()
    models.loss_of(model, kind).backward()
    gradient = sum(float(entry.grad.abs().sum()) for entry in added if entry.grad is not None)
    model.zero_grad(set_to_none=True)
    # A tiny model has far to go in twenty updates; twice the rate for small models is what a short run gets.
    losses = models.learn(method, model, kind, 2 * method.recommended_learning_rate(models.card(kind)))
    logits = models.logits_of(model, kind)
    method.save(model, folder, "tests/tiny")
    return Trained(method, model, losses, logits, folder, learning, gradient)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny products are faster alone, and sums come out the same every time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
