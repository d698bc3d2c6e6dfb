"""Tuned models that share one base model's weights in memory, without being able to change its outputs."""

import copy
from itertools import chain
from pathlib import Path

import torch

from app.catalog.methods.base import Method, PeftMethod


def share_weights(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the model's structure around the very same weights; costs no memory for them."""
    shared = {id(tensor): tensor for tensor in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, shared)


def load_tuned(base: torch.nn.Module, method: Method, folder: Path) -> torch.nn.Module:
    """A saved adapter on a base model, which stays as it is; methods that change base weights get a copy of them."""
    model = share_weights(base) if isinstance(method, PeftMethod) else copy.deepcopy(base)
    return method.load(model, folder)
