"""Routed adapters for peft: import this file, then load the adapter with ``PeftModel.from_pretrained`` as usual.

Several LoRA adapters of one model stand side by side, and every token is answered by those that fit it (Arrow: Ostapenko
et al. 2024, arXiv 2405.11157). An adapter's prototype is the direction of the input that its change ``B A`` amplifies
most; a token's likeness to it is ``|x . prototype|``. The ``top_k`` most alike take part, weighted by the softmax of
their likeness divided by ``temperature``. Nothing is trained, and it cannot be merged: the mixture depends on the input.
Needs only torch and peft (made with 0.21).
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from peft import PeftConfig
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING, PEFT_TYPE_TO_PREFIX_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from torch import nn

KIND = "ARROW"


@dataclass
class ArrowConfig(PeftConfig):
    """What ``adapter_config.json`` holds. ``ranks`` has the width of each adapter, in their order."""

    ranks: list[int] = field(default_factory=list, metadata={"help": "Width of each adapter."})
    top_k: int = field(default=3, metadata={"help": "How many adapters answer a token, at most."})
    temperature: float = field(default=1.0, metadata={"help": "Small sends a token to one adapter, large to all."})
    target_modules: list[str] | str | None = field(default=None, metadata={"help": "Linear layers with adapters."})
    exclude_modules: list[str] | str | None = field(default=None, metadata={"help": "Modules without."})
    modules_to_save: list[str] | None = field(default=None, metadata={"help": "Modules kept as a whole."})
    layers_to_transform: list[int] | int | None = field(default=None, metadata={"help": "Numbers of the blocks."})
    layers_pattern: list[str] | str | None = field(default=None, metadata={"help": "Name of the list of blocks."})

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.peft_type = KIND
        if not self.ranks or min(self.ranks) < 1:
            raise ValueError(f"ranks is {self.ranks!r}; it must name the width of every adapter.")
        if self.top_k < 1 or self.temperature <= 0:
            raise ValueError(f"top_k {self.top_k} must be 1 or more, temperature {self.temperature} above 0.")
        if isinstance(self.target_modules, list):
            self.target_modules = set(self.target_modules)  # type: ignore[assignment]  # as peft's own configurations do


class ArrowLayer(nn.Module, BaseTunerLayer):
    """One linear layer of the model with all adapters beside it, their matrices stacked."""

    adapter_layer_names = ("arrow_down", "arrow_up", "arrow_prototypes")

    def __init__(self, base_layer: nn.Module, adapter_name: str, config: ArrowConfig) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.arrow_down, self.arrow_up, self.arrow_prototypes = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.settings: dict[str, ArrowConfig] = {}
        self.merged_adapters: list[str] = []
        self._disable_adapters = False
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, config)

    def update_layer(self, adapter_name: str, config: ArrowConfig) -> None:
        """Add one set of adapters that changes nothing yet, on the device of the layer it belongs to."""
        layer = self.get_base_layer()
        inputs, outputs = _shape(layer)
        width = sum(config.ranks)
        self.settings[adapter_name] = config
        self.arrow_down[adapter_name] = _zeros(inputs, width)
        self.arrow_up[adapter_name] = _zeros(width, outputs)
        self.arrow_prototypes[adapter_name] = _zeros(inputs, len(config.ranks))
        for part in (self.arrow_down, self.arrow_up, self.arrow_prototypes):
            part[adapter_name].to(next(layer.parameters()).device)
        self.set_adapter(self.active_adapters, inference_mode=config.inference_mode)

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The layer's own answer and what the adapters that fit each token add to it."""
        out: torch.Tensor = self.base_layer(x, *args, **kwargs)
        active = [] if self.disable_adapters else [name for name in self.active_adapters if name in self.settings]
        for name in active:
            out = out + self._added(name, x).to(out.dtype)
        return out

    def _added(self, name: str, x: torch.Tensor) -> torch.Tensor:
        config = self.settings[name]
        x = x.to(next(self.arrow_down[name].parameters()).dtype)
        likeness = self.arrow_prototypes[name](x).abs()
        best = likeness.topk(min(config.top_k, len(config.ranks)), dim=-1)
        chosen = torch.full_like(likeness, float("-inf")).scatter(-1, best.indices, best.values / config.temperature)
        widths = torch.tensor(config.ranks, device=x.device)
        # One share for each column of the stacked matrices.
        shares = chosen.softmax(-1).repeat_interleave(widths, dim=-1)
        added: torch.Tensor = self.arrow_up[name](self.arrow_down[name](x) * shares)
        return added

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Refused: which adapters answer depends on the token."""
        raise ValueError("Routed adapters depend on the input and cannot be merged into the model's weights.")

    def unmerge(self) -> None:
        """Nothing is ever merged."""


class ArrowModel(BaseTuner):
    """The model with an :class:`ArrowLayer` around every target."""

    prefix = "arrow_"
    tuner_layer_cls = ArrowLayer
    target_module_mapping: dict[str, list[str]] = {}

    def _create_and_replace(
        self,
        peft_config: PeftConfig,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        parameter_name: str | None = None,
    ) -> None:
        if not isinstance(peft_config, ArrowConfig):
            raise TypeError(f"not a configuration of routed adapters: {type(peft_config).__name__}")
        if isinstance(target, ArrowLayer):
            target.update_layer(adapter_name, peft_config)
            return
        layer = ArrowLayer(target, adapter_name, peft_config)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)


def _shape(layer: nn.Module) -> tuple[int, int]:
    """(inputs, outputs); GPT-2's own kind of linear layer keeps its matrix the other way round."""
    if hasattr(layer, "in_features"):
        return int(layer.in_features), int(layer.out_features)  # type: ignore[arg-type]
    inputs, outputs = layer.weight.shape  # type: ignore[misc]
    return int(inputs), int(outputs)


def _zeros(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


# peft's own registration takes only the names of its enumeration; its loaders read these tables by the name alone.
PEFT_TYPE_TO_CONFIG_MAPPING.setdefault(KIND, ArrowConfig)  # type: ignore[arg-type]
PEFT_TYPE_TO_TUNER_MAPPING.setdefault(KIND, ArrowModel)  # type: ignore[arg-type]
PEFT_TYPE_TO_PREFIX_MAPPING.setdefault(KIND, ArrowModel.prefix)  # type: ignore[arg-type]
