"""Bottleneck adapters for peft: import this file, then load the adapter with ``PeftModel.from_pretrained`` as usual.

A bottleneck adapter is a narrow two-layer network beside or after a part of each block of a frozen model:

- ``sequential`` (Houlsby et al. 2019, arXiv 1902.00751; Pfeiffer et al. 2020, arXiv 2005.00247):
  ``y = f(x);  y + up(act(down(y)))``, for linear layers that write into the residual stream;
- ``parallel`` (He et al. 2021, arXiv 2110.04366): ``f(x) + scale * up(act(down(x)))``, for a whole feed-forward part.
  Where the part is handed the residual stream as its second input and normalises the sum (BERT's ``output``), the
  adapter reads that stream and adds to it, which is the same sum.

``phm`` > 0 writes both matrices as sums of that many Kronecker products (Compacter: Mahabadi et al. 2021, arXiv
2106.04647), every adapter with factors of its own. ``up`` starts at zero, so a fresh adapter changes nothing. The
network is not linear: it cannot be merged into a weight. Needs only torch and peft (made with 0.21).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from peft import PeftConfig
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING, PEFT_TYPE_TO_PREFIX_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from torch import nn

KIND = "BOTTLENECK"
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": nn.functional.relu,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
}


@dataclass
class BottleneckConfig(PeftConfig):
    """What ``adapter_config.json`` holds. ``width`` is that of the residual stream, ``r`` that of the bottleneck."""

    width: int = field(default=0, metadata={"help": "Width of the residual stream."})
    r: int = field(default=16, metadata={"help": "Width of the bottleneck."})
    placement: str = field(default="sequential", metadata={"help": "`sequential` or `parallel`."})
    scale: float = field(default=1.0, metadata={"help": "Factor on what the adapter adds."})
    activation: str = field(default="relu", metadata={"help": "One of " + ", ".join(ACTIVATIONS) + "."})
    phm: int = field(default=0, metadata={"help": "Kronecker products in each matrix; 0 for plain matrices."})
    target_modules: list[str] | str | None = field(default=None, metadata={"help": "Modules that get an adapter."})
    exclude_modules: list[str] | str | None = field(default=None, metadata={"help": "Modules that get none."})
    modules_to_save: list[str] | None = field(default=None, metadata={"help": "Modules trained and kept as a whole."})
    layers_to_transform: list[int] | int | None = field(default=None, metadata={"help": "Numbers of the blocks."})
    layers_pattern: list[str] | str | None = field(default=None, metadata={"help": "Name of the list of blocks."})

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.peft_type = KIND
        if self.placement not in ("sequential", "parallel"):
            raise ValueError(f"placement is {self.placement!r}; it must be 'sequential' or 'parallel'.")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation is {self.activation!r}; it must be one of {', '.join(ACTIVATIONS)}.")
        if self.phm and (self.width % self.phm or self.r % self.phm):
            raise ValueError(f"width {self.width} and r {self.r} must both be multiples of phm {self.phm}.")
        if isinstance(self.target_modules, list):
            self.target_modules = set(self.target_modules)  # type: ignore[assignment]  # as peft's own configurations do


class PHM(nn.Module):
    """A linear layer whose matrix (outputs, inputs) is a sum of ``terms`` Kronecker products with one factor of rank 1."""

    def __init__(self, inputs: int, outputs: int, terms: int, zero: bool) -> None:
        super().__init__()
        rule = torch.zeros(terms, terms, terms) if zero else torch.randn(terms, terms, terms) / terms
        self.rule = nn.Parameter(rule)
        self.left = nn.Parameter(nn.init.xavier_normal_(torch.empty(terms, outputs // terms, 1)))
        self.right = nn.Parameter(nn.init.xavier_normal_(torch.empty(terms, 1, inputs // terms)))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., inputs) to (..., outputs)."""
        products = torch.einsum("nab,ncd->acbd", self.rule, self.left @ self.right)
        return nn.functional.linear(x, products.reshape(self.bias.shape[0], -1), self.bias)


class BottleneckLayer(nn.Module, BaseTunerLayer):
    """One module of the model with the adapters around it."""

    adapter_layer_names = ("bottleneck_down", "bottleneck_up")

    def __init__(self, base_layer: nn.Module, adapter_name: str, config: BottleneckConfig) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.bottleneck_down, self.bottleneck_up = nn.ModuleDict(), nn.ModuleDict()
        self.shapes: dict[str, BottleneckConfig] = {}
        self.merged_adapters: list[str] = []
        self._disable_adapters = False
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, config)

    def update_layer(self, adapter_name: str, config: BottleneckConfig) -> None:
        """Add one adapter, on the device and in the number format of the module it belongs to."""
        self.shapes[adapter_name] = config
        self.bottleneck_down[adapter_name] = _matrix(config.width, config.r, config.phm, zero=False)
        self.bottleneck_up[adapter_name] = _matrix(config.r, config.width, config.phm, zero=True)
        weights = list(self.get_base_layer().parameters())
        floats = [weight.dtype for weight in weights if weight.is_floating_point()]
        for part in (self.bottleneck_down[adapter_name], self.bottleneck_up[adapter_name]):
            part.to(weights[0].device, floats[0] if floats else torch.float32)
        self.set_adapter(self.active_adapters, inference_mode=config.inference_mode)

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The module's own answer and what the active adapters add to it."""
        active = [] if self.disable_adapters else [name for name in self.active_adapters if name in self.shapes]
        parallel = [name for name in active if self.shapes[name].placement == "parallel"]
        if parallel and (args or "input_tensor" in kwargs):
            stream = args[0] if args else kwargs.pop("input_tensor")
            stream = stream + sum(self._added(name, stream) for name in parallel)
            return cast(torch.Tensor, self.base_layer(x, stream, *args[1:], **kwargs))
        out: torch.Tensor = self.base_layer(x, *args, **kwargs)
        for name in active:
            out = out + self._added(name, x if name in parallel else out)
        return out

    def _added(self, name: str, x: torch.Tensor) -> torch.Tensor:
        config, down, up = self.shapes[name], self.bottleneck_down[name], self.bottleneck_up[name]
        narrow = ACTIVATIONS[config.activation](down(x.to(next(down.parameters()).dtype)))
        added: torch.Tensor = config.scale * up(narrow)
        return added.to(x.dtype)

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Refused: there is no weight that does what the adapter does."""
        raise ValueError("Bottleneck adapters are not linear and cannot be merged into the model's weights.")

    def unmerge(self) -> None:
        """Nothing is ever merged."""


class BottleneckModel(BaseTuner):
    """The model with a :class:`BottleneckLayer` around every target."""

    prefix = "bottleneck_"
    tuner_layer_cls = BottleneckLayer
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
        if not isinstance(peft_config, BottleneckConfig):
            raise TypeError(f"not a configuration of bottleneck adapters: {type(peft_config).__name__}")
        if isinstance(target, BottleneckLayer):
            target.update_layer(adapter_name, peft_config)
            return
        layer = BottleneckLayer(target, adapter_name, peft_config)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)


def _matrix(inputs: int, outputs: int, phm: int, zero: bool) -> nn.Module:
    if phm:
        return PHM(inputs, outputs, phm, zero)
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.bias)
    if zero:
        nn.init.zeros_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std=0.02)
    return layer


# peft's own registration takes only the names of its enumeration; its loaders read these tables by the name alone.
PEFT_TYPE_TO_CONFIG_MAPPING.setdefault(KIND, BottleneckConfig)  # type: ignore[arg-type]
PEFT_TYPE_TO_TUNER_MAPPING.setdefault(KIND, BottleneckModel)  # type: ignore[arg-type]
PEFT_TYPE_TO_PREFIX_MAPPING.setdefault(KIND, BottleneckModel.prefix)  # type: ignore[arg-type]
