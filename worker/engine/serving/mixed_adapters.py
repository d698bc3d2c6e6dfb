"""One model with several adapters, for batches whose rows belong to different ones (peft's mixed batches).

It holds no weights of its own: base weights and adapters are those of the models that also generate alone. Rows without an
adapter are the base model's.
"""

import copy
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer

from app.catalog.methods.base import Method
from worker.engine.serving.shared_weights import share_weights

# peft's name for a row without adapter.
BASE_ROW = "__base__"
# Fields of ``LoraConfig`` with which peft cannot route rows, or changes more than the adapted layers.
UNSUPPORTED_FIELDS = (
    "use_dora",
    "modules_to_save",
    "trainable_token_indices",
    "alora_invocation_tokens",
    "target_parameters",
    "layer_replication",
    "arrow_config",
    "use_bdlora",
    "velora_config",
    "monteclora_config",
    "kasa_config",
)


class MixedAdapters:
    """The adapters on one base model that can share a batch."""

    def __init__(self, base: torch.nn.Module) -> None:
        self._base = base
        self._mixed: PeftModel | None = None
        self._names: weakref.WeakKeyDictionary[torch.nn.Module, str] = weakref.WeakKeyDictionary()
        self._hooked: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()
        self._count = 0
        self._rows: list[str] = []

    def supports(self, model: torch.nn.Module, method: Method) -> bool:
        """Whether rows of this tuned model may share a batch with others: its method declares it, and peft supports it."""
        if not method.capabilities.mixed_batches or not isinstance(model, PeftModel):
            return False
        config = model.peft_config["default"]
        layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
        return (
            isinstance(config, LoraConfig)
            and config.bias == "none"
            and not any(getattr(config, name, None) for name in UNSUPPORTED_FIELDS)
            and not any(layer.lora_variant or layer.lora_embedding_A for layer in layers)
        )

    def model_for(self, models: Sequence[torch.nn.Module]) -> torch.nn.Module:
        """The model for one forward pass in which each row belongs to one of ``models``, the base model among them.

        If all rows belong to one model it is that model itself, so that its replies are bitwise what it generates alone.
        """
        first = models[0]
        if all(model is first for model in models):
            return first
        for model in models:
            if model is not self._base and model not in self._names:
                self._add(model)
        assert self._mixed is not None
        self._rows = [BASE_ROW if model is self._base else self._names[model] for model in models]
        return self._mixed.get_base_model()

    def _add(self, model: torch.nn.Module) -> None:
        assert isinstance(model, PeftModel)
        self._count += 1
        name = f"adapter{self._count}"
        config: Any = copy.deepcopy(model.peft_config["default"])
        # The weights follow below; an initialisation computed from the base weights would take time, or change them.
        config.init_lora_weights, config.inference_mode = True, True
        if self._mixed is None:
            self._mixed = PeftModel(share_weights(self._base), config, adapter_name=name).eval()
        else:
            self._delete_unused()
            self._mixed.add_adapter(name, config)
        self._mixed.eval()
        self._insert(model, name)
        self._names[model] = name

    def _insert(self, model: PeftModel, name: str) -> None:
        """Put the adapter's own matrices where peft has made them, and hook each layer to tell it the adapter of each row."""
        assert self._mixed is not None
        theirs = {path: module for path, module in model.named_modules() if isinstance(module, LoraLayer)}
        ours: list[tuple[str, Any]] = [
            (path, module) for path, module in self._mixed.named_modules() if isinstance(module, LoraLayer)
        ]
        for path, layer in ours:
            if layer not in self._hooked:
                layer.register_forward_pre_hook(self._add_adapter_names, with_kwargs=True)
                self._hooked.add(layer)
            if path in theirs:
                layer.lora_A[name] = theirs[path].lora_A["default"]
                layer.lora_B[name] = theirs[path].lora_B["default"]

    def _add_adapter_names(
        self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        return args, {**kwargs, "adapter_names": self._rows}

    def _delete_unused(self) -> None:
        """Delete adapters whose model is not in memory any more."""
        assert self._mixed is not None
        used = set(self._names.values())
        for name in set(self._mixed.peft_config) - used:
            # A PeftModel needs an adapter; the last one goes when another has been added.
            if len(self._mixed.peft_config) > 1:
                self._mixed.delete_adapter(name)
