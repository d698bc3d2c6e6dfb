"""The number format that a run computes in: mixed precision with bf16, or fp32."""

import torch

from app.errors import StudioError


def choose_precision(wanted: str) -> str:
    """``bf16`` or ``no`` for accelerate's ``mixed_precision``: bf16 wherever the hardware has instructions for it.

    Args:
        wanted: ``auto``, ``bf16`` or ``fp32``.

    Raises:
        StudioError: bf16 was asked for by name on hardware without it; it would be slower and coarser there.
    """
    supported = torch.cuda.is_bf16_supported() if torch.cuda.is_available() else _cpu_supports_bf16()
    if wanted == "bf16" and not supported:
        raise StudioError(
            "no_bf16",
            "This machine has no instructions for the number format bf16.",
            "Choose `auto` or `fp32` as the number format.",
        )
    return "bf16" if supported and wanted != "fp32" else "no"


def _cpu_supports_bf16() -> bool:
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
