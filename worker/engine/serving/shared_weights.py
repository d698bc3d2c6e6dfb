"""Tuned models around one base model's weights: nothing that is loaded beside it can change what it says."""

import copy
from itertools import chain
from pathlib import Path

import torch

from app.catalog.methods.base import Method, PeftMethod


def share(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the model's structure around the very same weights; costs no memory for them."""
    same = {id(each): each for each in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, same)


def tune(base: torch.nn.Module, method: Method, folder: Path) -> torch.nn.Module:
    """A saved adapter on a base model that stays as it is; methods that change its own weights get weights of their own."""
    mine = share(base) if isinstance(method, PeftMethod) else copy.deepcopy(base)
    return method.load(mine, folder)
