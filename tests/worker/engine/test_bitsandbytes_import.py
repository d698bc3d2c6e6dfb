"""bitsandbytes is loaded without torch's compiler, which stays there for everybody else."""

import inspect

import torch
from bitsandbytes.backends.default import ops

from worker.engine import bitsandbytes_import


def test_no_function_of_bitsandbytes_is_compiled() -> None:
    # Its wrapper holds the function that it calls, and the one that it was made of.
    wrapper = ops._dequantize_blockwise_compute
    held = inspect.getclosurevars(wrapper).nonlocals
    assert held["compiled_fn"] is held["fn"] is inspect.unwrap(wrapper)


def test_compiler_is_put_back() -> None:
    assert torch.compile is bitsandbytes_import._compile is not bitsandbytes_import._as_written
    assert torch.compile.__module__ == "torch"


def test_stand_in_gives_the_function_back_with_and_without_arguments() -> None:
    as_written = bitsandbytes_import._as_written
    assert as_written(len) is len and as_written(dynamic=False)(len) is len
