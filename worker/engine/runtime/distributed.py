"""Several processes learn one run together: each computes its share of every update, then all take the same step.

Process 0 leads: it alone reports, saves, tests and hands over. The gradient of an update is the sum over all shares, so what
is learned is what one process would learn, up to the order in which numbers are added and the draws of dropout. With one
process everything here does nothing. Knows no model and no data; who starts the processes is not its business.
"""

import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed, nn

from app.errors import StudioError

T = TypeVar("T")
# Gradients travel in pieces of at most this many numbers, so that they need little memory beside themselves.
PIECE = 16 * 1024**2
# Whoever leads may be busy saving or answering for long; a hang is noticed from outside, by the silence.
PATIENCE = timedelta(hours=12)
# Far enough apart that no two updates or processes draw the same numbers.
STEP_STRIDE, RANK_STRIDE = 1_000_003, 7_919


class ProcessGroup:
    """One process that learns alone."""

    number = 0
    count = 1

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all."""
        return self.number == 0

    def share(self, pieces: Sequence[T]) -> Sequence[T]:
        """This process's part of rows or batches; all parts together are the whole, some may be empty."""
        return pieces

    def draw(self, seed: int, step: int) -> None:
        """Let chance depend on nothing but seed, update and process, so that nobody's state has to be kept."""

    def add_gradients(self, weights: Iterable[nn.Parameter], loss: torch.Tensor) -> torch.Tensor:
        """Add up the gradients of all shares in place; returns the summed loss (scalar)."""
        return loss

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes, everywhere the same."""
        return values

    def told_by_first(self, value: T) -> T:
        """What process 0 says; only what JSON can hold."""
        return value

    def one_after_another(self, act: Callable[[], None]) -> None:
        """Process 0 does it first, so that the others find in the cache what it has computed."""
        act()

    def equalise(self, model: nn.Module) -> None:
        """Give everybody the weights of process 0."""

    def check_equal(self, model: nn.Module) -> None:
        """Make sure that all processes still hold the same weights.

        Raises:
            StudioError: they do not; going on would train several different models.
        """

    def wait(self) -> None:
        """Go on when everybody is here."""


ALONE = ProcessGroup()


class MultiProcessGroup(ProcessGroup):
    """One of ``count`` processes, ``number`` counted from 0."""

    def __init__(self, number: int, count: int) -> None:
        self.number, self.count = number, count

    def share(self, pieces: Sequence[T]) -> Sequence[T]:
        """See :class:`ProcessGroup`: every ``count``-th, so that rows sorted by length are dealt out evenly."""
        return pieces[self.number :: self.count]

    def draw(self, seed: int, step: int) -> None:
        """See :class:`ProcessGroup`."""
        torch.manual_seed((seed + step * STEP_STRIDE + self.number * RANK_STRIDE) % 2**63)

    def add_gradients(self, weights: Iterable[nn.Parameter], loss: torch.Tensor) -> torch.Tensor:
        """See :class:`ProcessGroup`; a weight that no share touched keeps no gradient, as if one process had learned."""
        learning = list(weights)
        given = [float(each.grad is not None) for each in learning]
        facts = torch.cat([torch.tensor(given, device=loss.device), loss.detach().float().reshape(1)])
        distributed.all_reduce(facts)
        touched = [each for each, owners in zip(learning, facts[:-1].tolist(), strict=True) if owners]
        for piece in _pieces(touched):
            self._add_piece(piece)
        return facts[-1].to(loss.dtype)

    def _add_piece(self, weights: Sequence[nn.Parameter]) -> None:
        for each in weights:
            if each.grad is None:
                each.grad = torch.zeros_like(each)
        gradients = [each.grad for each in weights if each.grad is not None]
        flat = torch.cat([each.flatten() for each in gradients])
        distributed.all_reduce(flat)
        for gradient, summed in zip(gradients, flat.split([each.numel() for each in gradients]), strict=True):
            gradient.copy_(summed.view_as(gradient))

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """See :class:`ProcessGroup`."""
        summed = values.clone()
        distributed.all_reduce(summed)
        return summed

    def told_by_first(self, value: T) -> T:
        """See :class:`ProcessGroup`."""
        words = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
        length = torch.tensor([len(words)])
        distributed.broadcast(length, 0)
        told = words if self.leads else torch.empty(int(length), dtype=torch.uint8)
        distributed.broadcast(told, 0)
        heard: T = json.loads(bytes(told.tolist()))
        return heard

    def one_after_another(self, act: Callable[[], None]) -> None:
        """See :class:`ProcessGroup`."""
        if self.leads:
            act()
        self.wait()
        if not self.leads:
            act()

    def equalise(self, model: nn.Module) -> None:
        """See :class:`ProcessGroup`."""
        with torch.no_grad():
            for each in [*model.parameters(), *model.buffers()]:
                whole = each.data.contiguous()
                distributed.broadcast(whole, 0)
                if whole.data_ptr() != each.data.data_ptr():
                    each.data.copy_(whole)

    def check_equal(self, model: nn.Module) -> None:
        """See :class:`ProcessGroup`."""
        sums = [float(each.detach().double().sum()) for each in model.parameters() if each.requires_grad]
        mine = torch.tensor(sums, dtype=torch.float64).nan_to_num(0.0)
        first = mine.clone()
        distributed.broadcast(first, 0)
        differing = self.add_up(torch.tensor([float((mine != first).any())]))
        if differing.item():
            raise StudioError(
                "ranks_disagree",
                f"The {self.count} processes that learn this run together hold different weights.",
                "Resume the run from its last checkpoint; if it happens again, use one device and report it with the log.",
            )

    def wait(self) -> None:
        """See :class:`ProcessGroup`."""
        self.add_up(torch.zeros(1))


def join(number: int, count: int, meeting: Path) -> ProcessGroup:
    """Meet the other processes of this machine at the file ``meeting``; returns when all are there.

    Each process uses the GPU of its own number among those it sees, or the processor if there is none.
    """
    if count == 1:
        return ALONE
    # Only this machine's own loop: nobody outside can join.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(number)
        backend = "cpu:gloo,cuda:nccl"
    distributed.init_process_group(
        backend, init_method=f"file://{meeting}", rank=number, world_size=count, timeout=PATIENCE
    )
    return MultiProcessGroup(number, count)


def threads_each(threads: int, count: int) -> int:
    """Processor threads for one of ``count`` processes."""
    return max(1, math.floor(threads / count))


def _pieces(weights: Sequence[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Weights of one number format, in pieces that travel together."""
    pieces: list[list[nn.Parameter]] = []
    size = 0
    for each in sorted(weights, key=lambda weight: str(weight.dtype)):
        if not pieces or pieces[-1][0].dtype != each.dtype or size + each.numel() > PIECE:
            pieces.append([])
            size = 0
        pieces[-1].append(each)
        size += each.numel()
    return pieces
