"""Quantized base models (4 or 8 bits): how they are loaded, and how gradients keep flowing through them."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn
from transformers import BitsAndBytesConfig


def loading_arguments(precision: str, skip: Sequence[str] = ()) -> dict[str, Any]:
    """Arguments for ``from_pretrained``.

    Args:
        precision: ``full`` for none, ``nf4`` for 4 bits with double quantization, ``int8`` for 8 bits.
        skip: names of newly initialized modules, which must stay in full precision to train.
    """
    if precision == "full":
        return {}
    bits: dict[str, Any] = {"load_in_8bit": True}
    if precision == "nf4":
        # Computing in fp32 leaves the choice of number format to autocast, as for every other layer.
        bits = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": torch.float32,
        }
    config = cast(Any, BitsAndBytesConfig)(**bits, llm_int8_skip_modules=list(skip) or None)
    return {"quantization_config": config, "device_map": {"": "cuda" if torch.cuda.is_available() else "cpu"}}


def keep_differentiable(model: nn.Module) -> nn.Module:
    """Stop bitsandbytes from repacking 4-bit weights at the first evaluation on a CPU; training would end there, silently.

    The repacked product has no backward pass, and no error says so.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
    return model
