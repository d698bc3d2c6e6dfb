"""A fresh body of the tiny encoder, as often as a test needs one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from torch import nn

from app.catalog.card import BaseModelCard
from worker.engine.tasks.classification.model import load_encoder


@pytest.fixture
def body(tiny_base: tuple[BaseModelCard, Path]) -> Callable[[], nn.Module]:
    card, folder = tiny_base
    return lambda: load_encoder(folder, card).eval()
