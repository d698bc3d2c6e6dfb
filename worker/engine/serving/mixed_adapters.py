"""One model with several adapters, for batches whose rows are answered by different ones (peft's mixed batches).

Holds no weights of its own: the base model's and the adapters' are those of the models that answer alone. Rows without an
adapter are the base model's rows.
"""

import copy
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer

from app.catalog.methods.base import Method
from worker.engine.serving.shared_weights import share

# What peft calls a row that no adapter touches.
UNTOUCHED = "__base__"
# Fields of peft's configuration with which it does not route rows, or changes more than the layers beside which it sits.
UNROUTED = (
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
        self._told: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()
        self._made = 0
        self._rows: list[str] = []

    def takes(self, model: torch.nn.Module, method: Method) -> bool:
        """Whether rows of this tuned model may share a batch with others: its method declares it, peft can do it."""
        if not method.capabilities.mixed_batches or not isinstance(model, PeftModel):
            return False
        config = model.peft_config["default"]
        layers = [each for each in model.modules() if isinstance(each, LoraLayer)]
        return (
            isinstance(config, LoraConfig)
            and config.bias == "none"
            and not any(getattr(config, name, None) for name in UNROUTED)
            and not any(each.lora_variant or each.lora_embedding_A for each in layers)
        )

    def model_for(self, models: Sequence[torch.nn.Module]) -> torch.nn.Module:
        """The model that answers row by row as these do, to be used at once; the base model's own rows among them.

        If all rows have one model, it is that model itself, so its answers are bit for bit what it says alone.
        """
        first = models[0]
        if all(each is first for each in models):
            return first
        for each in models:
            if each is not self._base and each not in self._names:
                self._add(each)
        assert self._mixed is not None
        self._rows = [UNTOUCHED if each is self._base else self._names[each] for each in models]
        return self._mixed.get_base_model()

    def _add(self, model: torch.nn.Module) -> None:
        assert isinstance(model, PeftModel)
        self._made += 1
        name = f"adapter{self._made}"
        config: Any = copy.deepcopy(model.peft_config["default"])
        # The weights follow below; a start that is computed from the base model's would only take time, or change them.
        config.init_lora_weights, config.inference_mode = True, True
        if self._mixed is None:
            self._mixed = PeftModel(share(self._base), config, adapter_name=name).eval()
        else:
            self._forget_gone()
            self._mixed.add_adapter(name, config)
        self._mixed.eval()
        self._adopt(model, name)
        self._names[model] = name

    def _adopt(self, model: PeftModel, name: str) -> None:
        """Put the adapter's own matrices in the places that peft has made for them, and say which rows are whose."""
        assert self._mixed is not None
        theirs = {place: each for place, each in model.named_modules() if isinstance(each, LoraLayer)}
        ours: list[tuple[str, Any]] = [each for each in self._mixed.named_modules() if isinstance(each[1], LoraLayer)]
        for place, mine in ours:
            if mine not in self._told:
                mine.register_forward_pre_hook(self._tell_rows, with_kwargs=True)
                self._told.add(mine)
            if place in theirs:
                mine.lora_A[name] = theirs[place].lora_A["default"]
                mine.lora_B[name] = theirs[place].lora_B["default"]

    def _tell_rows(self, layer: Any, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return given, {**named, "adapter_names": self._rows}

    def _forget_gone(self) -> None:
        """Adapters whose model nobody holds any more."""
        assert self._mixed is not None
        kept = set(self._names.values())
        for name in set(self._mixed.peft_config) - kept:
            # peft cannot be without any adapter; the last one goes when another has come.
            if len(self._mixed.peft_config) > 1:
                self._mixed.delete_adapter(name)
