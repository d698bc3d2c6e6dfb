"""Loads bitsandbytes without torch's compiler; the package imports this first, before anything loads peft. Knows no model.

bitsandbytes wraps four functions for devices without kernels of its own in ``torch.compile`` as it is imported. That alone
loads the compiler, a sixth of the time a trainer needs until it can begin, and the first such function to run on a processor
would be compiled. Nothing in the engine is compiled (no gain on a processor, a minute to wait), so these four are
left as they are written.
"""

from collections.abc import Callable
from typing import Any

import torch


def _as_written(function: Callable[..., Any] | None = None, **_: Any) -> Callable[..., Any]:
    return _as_written if function is None else function


_compile = torch.compile
torch.compile = _as_written  # type: ignore[assignment]
try:
    import bitsandbytes  # noqa: F401 - the import is the purpose
finally:
    torch.compile = _compile
