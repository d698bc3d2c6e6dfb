"""Memory of this process: on the GPU if there is one, else resident."""

import gc
import resource
import sys

import psutil
import torch


def release() -> None:
    """Give back what nothing refers to any more, before another model is loaded."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def used_bytes() -> int:
    """Now: allocated on the GPU if there is one, else resident in main memory."""
    if torch.cuda.is_available():
        return torch.cuda.memory_allocated()
    resident: int = psutil.Process().memory_info().rss
    return resident


def peak_bytes() -> int:
    """The peak, by the same measure as :func:`used_bytes`."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
