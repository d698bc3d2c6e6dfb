"""What an adapter changes, and what a tiny encoder answers with it."""

import torch
from peft import PeftModel


def changes(model: PeftModel) -> dict[str, torch.Tensor]:
    """What the active adapter adds to each weight."""
    layers = {name: module for name, module in model.named_modules() if hasattr(module, "get_delta_weight")}
    return {name: layer.get_delta_weight(layer.active_adapters[0]).detach() for name, layer in layers.items()}


def answer(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[2, 5, 6, 7, 3]])).last_hidden_state
