"""Data parallelism over accelerate's process group: each process computes its share of an update, then all take the same step.

The gradient of an update is the sum over all shares, so what is learned is what one process would learn, up to the order of
additions and the random numbers of dropout. Only the main process reports, saves and tests. With one process every function here
leaves its argument as it is.
"""

import math
import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast, broadcast_object_list, check_cuda_p2p_ib_support
from torch import nn

from app.errors import StudioError

T = TypeVar("T")
# Gradients are reduced in buckets of at most this many numbers, which bounds the memory of the copy.
BUCKET_NUMBERS = 16 * 1024**2
# The main process may save or test for long; a hang is noticed from outside, by the silence of the spool.
TIMEOUT = timedelta(hours=12)
# Far enough apart that no two updates or processes draw the same numbers.
STEP_STRIDE, RANK_STRIDE = 1_000_003, 7_919


def init_process_group(process_index: int, num_processes: int, rendezvous: Path) -> None:
    """Join the other processes of this machine by the file ``rendezvous``; returns when all are there.

    Afterwards every ``Accelerator`` of this process belongs to the group. Each process uses the GPU of its own index among those
    that it sees, or the CPU if there is none.
    """
    if num_processes == 1:
        return
    # Only over the loopback interface, so that no process of another machine can join.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
    # What accelerate reads; without the number of threads it would set one of its own.
    os.environ.update(
        RANK=str(process_index),
        LOCAL_RANK=str(process_index),
        WORLD_SIZE=str(num_processes),
        LOCAL_WORLD_SIZE=str(num_processes),
        OMP_NUM_THREADS=str(torch.get_num_threads()),
    )
    cuda = torch.cuda.is_available()
    if cuda and not check_cuda_p2p_ib_support():
        os.environ.setdefault("NCCL_P2P_DISABLE", "1")
        os.environ.setdefault("NCCL_IB_DISABLE", "1")
    PartialState(
        cpu=not cuda,
        backend="cpu:gloo,cuda:nccl" if cuda else "gloo",
        init_method=f"file://{rendezvous}",
        rank=process_index,
        world_size=num_processes,
        timeout=TIMEOUT,
    )


def threads_per_process(threads: int, num_processes: int) -> int:
    """CPU threads for one of the processes."""
    return max(1, math.floor(threads / num_processes))


def shard(items: Sequence[T], accelerator: Accelerator) -> Sequence[T]:
    """This process's share of rows or batches: every n-th, so that items sorted by length are shared evenly; may be empty."""
    return items[accelerator.process_index :: accelerator.num_processes]


def seed_step(seed: int, step: int, accelerator: Accelerator) -> None:
    """Make the random numbers of an update depend on seed, step and process alone, so that no state of theirs is saved.

    A run in one process keeps the state of its generator, which its checkpoints hold.
    """
    if accelerator.num_processes > 1:
        torch.manual_seed((seed + step * STEP_STRIDE + accelerator.process_index * RANK_STRIDE) % 2**63)


def broadcast_object(value: T) -> T:
    """The value of the main process."""
    received: T = broadcast_object_list([value])[0]
    return received


def broadcast_parameters(model: nn.Module, accelerator: Accelerator) -> None:
    """Give every process the parameters and buffers of the main process."""
    if accelerator.num_processes == 1:
        return
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            received = tensor.data.contiguous()
            broadcast(received)
            if received.data_ptr() != tensor.data.data_ptr():
                tensor.data.copy_(received)


def reduce_gradients(parameters: Iterable[nn.Parameter], loss: torch.Tensor, accelerator: Accelerator) -> torch.Tensor:
    """Sum the gradients of all shares in place; returns the summed loss (scalar).

    A parameter without a gradient in every share keeps none, as in one process.
    """
    if accelerator.num_processes == 1:
        return loss
    parameters = list(parameters)
    has_gradient = [float(parameter.grad is not None) for parameter in parameters]
    own = torch.cat([torch.tensor(has_gradient, device=loss.device), loss.detach().float().reshape(1)])
    header: torch.Tensor = accelerator.reduce(own, "sum")
    touched = [parameter for parameter, shares in zip(parameters, header[:-1].tolist(), strict=True) if shares]
    for bucket in _buckets(touched):
        _reduce_bucket(bucket, accelerator)
    return header[-1].to(loss.dtype)


def check_parameters_equal(model: nn.Module, accelerator: Accelerator) -> None:
    """Make sure that all processes hold the same trainable parameters.

    Raises:
        StudioError: ``ranks_disagree``; going on would train several different models.
    """
    if accelerator.num_processes == 1:
        return
    sums = [float(weight.detach().double().sum()) for weight in model.parameters() if weight.requires_grad]
    own = torch.tensor(sums, dtype=torch.float64).nan_to_num(0.0)
    main = broadcast(own.clone())
    if accelerator.reduce(torch.tensor([float((own != main).any())]), "sum").item():
        raise StudioError(
            "ranks_disagree",
            f"The {accelerator.num_processes} processes that learn this run together hold different weights.",
            "Resume the run from its last checkpoint; if it happens again, use one device and report it with the log.",
        )


def _reduce_bucket(parameters: Sequence[nn.Parameter], accelerator: Accelerator) -> None:
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    total = accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), "sum")
    for gradient, summed in zip(gradients, total.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(summed.view_as(gradient))


def _buckets(parameters: Sequence[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Parameters of one number format each, to be reduced together."""
    buckets: list[list[nn.Parameter]] = []
    size = 0
    for parameter in sorted(parameters, key=lambda parameter: str(parameter.dtype)):
        if not buckets or buckets[-1][0].dtype != parameter.dtype or size + parameter.numel() > BUCKET_NUMBERS:
            buckets.append([])
            size = 0
        buckets[-1].append(parameter)
        size += parameter.numel()
    return buckets
