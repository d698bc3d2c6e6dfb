"""Recommended learning rates by the size of the base model."""

from math import log

from app.catalog.card import BaseModelCard


def rate_by_size(base: BaseModelCard, *, small: float, large: float) -> float:
    """A rate between ``small``, for about 30 million weights and fewer, and ``large``, for a billion and more, on a log scale."""
    small_size, large_size = log(30e6), log(1e9)
    share = (
        min(1.0, max(0.0, (log(base.parameters) - small_size) / (large_size - small_size))) if base.parameters else 0.0
    )
    return float(f"{small * (large / small) ** share:.2g}")
