"""What the untouched lower part of a model makes of each row, computed once and kept in a file instead of in every pass.

Which part that is follows from the model: the blocks that no gradient reaches. It is read as in evaluation, without dropout,
kept or not (docs/decisions/0024). What is kept holds for one number format: drop it before reading in another. Knows no
method and no loop.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from app.catalog.workload import MOST_KEPT_STATES
from worker.engine.batching.batches import READING_BUDGET, TOKEN_BUDGET, MicroBatch, collate, plan_reading
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.modeling.partly_frozen import PartlyFrozen, Piece, name_of
from worker.engine.runtime.distributed import ProcessGroup
from worker.engine.tasks.base import Family

FILE = "frozen-states"
# Of the disk beyond what has to stay free, so that checkpoints find room beside it.
SHARE_OF_DISK = 0.5


def enable(family: Family) -> None:
    """Find what learns nothing, and read through it the rows that are read again and again; tells what comes of it.

    Rows that would need too much disk are read in every pass as before; the result is the same.
    """
    model, report = family.model, family.report
    rows = family.read_often()
    model.freeze(count_untouched(model, *collate(rows, [0], family.pad_id)))
    # In a single pass each row is read once anyway.
    if not model.frozen_blocks or family.knows_vectors() or family.order.spec.training.epochs <= 1:
        return
    rows = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    states = HiddenStateCache(rows, family.order.base.hidden_size, kept_type(family.accelerator))
    ranks, folder = family.order.ranks, family.order.folder
    much = f"The lower {model.frozen_blocks} of {len(model.blocks())} layers learn nothing"
    why_not = ranks.told_by_first(_refusal(states.bytes, folder, family.order.free_disk_bytes))
    if not why_not:
        report.phase("Reading what stays as it is")
        states.open(folder, ranks)
        why_not = _fill(states, rows, family)
        report.phase("Training")
    if why_not:
        states.close()
        report.event("notice", f"{much}, but every text goes through them in every pass: {why_not}.")
        return
    model.known_states = states
    report.event(
        "notice", f"{much}: each text went through them once, and the result is kept ({states.bytes / 1e6:,.1f} MB)."
    )


def kept_type(accelerator: Accelerator) -> torch.dtype:
    """The number format of kept states: that of the run where it computes in full precision, else 16 bits."""
    return torch.float32 if accelerator.mixed_precision == "no" else torch.float16


def count_untouched(model: PartlyFrozen, ids: torch.Tensor, mask: torch.Tensor) -> int:
    """How many blocks, from the input upwards, nothing that learns has a part in; a batch (rows, tokens) is sent through.

    A block counts if it takes what the one before it gave, and no gradient goes through what it gives itself.
    """
    blocks = model.blocks()
    seen: list[tuple[Any, Any]] = []
    handles = [
        each.register_forward_hook(
            lambda block, args, kwargs, given: seen.append((_taken(args, kwargs), given)), with_kwargs=True
        )
        for each in blocks
    ]
    training, device = model.training, next(model.parameters()).device
    try:
        with torch.enable_grad():
            model.eval().walk(ids.to(device), mask.to(device))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    count = 0
    for block, (taken, given), (_, before) in zip(blocks, seen, [(None, seen[0][0]), *seen], strict=False):
        plain = isinstance(given, torch.Tensor) and taken is before
        if not plain or given.requires_grad or trainable_parameters(block):
            break
        count += 1
    return count


class HiddenStateCache:
    """Hidden states of rows, one after another in a file without a name, which is gone when the process is.

    Read and not mapped: the pages of a mapped file would count as memory of this process.
    """

    def __init__(self, rows: Sequence[Sequence[int]], width: int, kept: torch.dtype) -> None:
        self._width, self._kept, self._given = width, kept, torch.float32
        self._places: dict[bytes, tuple[int, int]] = {}
        self._handle = -1
        self.bytes = 0
        for row in rows:
            self._places[name_of(row)] = (self.bytes, len(row))
            self.bytes += len(row) * width * kept.itemsize

    def open(self, folder: Path, ranks: ProcessGroup) -> None:
        """Make the file; all processes that learn together share it."""
        self._handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
        ranks.wait()
        if ranks.leads:
            (folder / FILE).unlink()

    def close(self) -> None:
        """Give the room on the disk back."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def put(self, row: Sequence[int], states: torch.Tensor) -> None:
        """Keep what (tokens, hidden) this row is at the first block that learns.

        Raises:
            OverflowError: a number is too large for the format.
        """
        self._given = states.dtype
        kept = states.to(self._kept).contiguous()
        if not bool(kept.isfinite().all()):
            raise OverflowError(f"a number is too large for {self._kept}")
        place, _ = self._places[name_of(row)]
        left = kept.view(torch.uint8).numpy().data.cast("B")
        while left:
            written = os.pwrite(self._handle, left, place)
            left, place = left[written:], place + written

    def place(self, pieces: Sequence[Piece], shape: torch.Size, device: torch.device) -> torch.Tensor | None:
        """See :class:`KnownStates`."""
        states = torch.zeros((*shape, self._width), dtype=self._kept)
        raw = states.view(torch.uint8).numpy()
        for piece in pieces:
            place, length = self._places.get(piece.name, (0, 0))
            if not length:
                return None
            room = raw[piece.row, piece.start : piece.start + length].data.cast("B")
            while room:
                read = os.preadv(self._handle, [room], place)
                if not read:
                    raise EOFError(f"{FILE} ends at byte {place:,}")
                room, place = room[read:], place + read
        return states.to(device).to(self._given)


@torch.no_grad()
def _fill(states: HiddenStateCache, rows: Sequence[Sequence[int]], family: Family) -> str:
    """Read the rows, each process its share; returns why it did not work, empty if it did.

    The plan depends on the rows alone, so a run that is resumed keeps bitwise the same.
    """
    ranks, accelerator = family.order.ranks, family.accelerator
    why_not = ""
    plan = plan_reading([len(row) for row in rows], READING_BUDGET.get(accelerator.device.type, TOKEN_BUDGET))
    try:
        for batch in ranks.share(plan):
            family.report.stop_if_asked()
            _read(states, rows, batch, family)
    except (OSError, OverflowError) as error:
        why_not = str(error)
    failed = float(ranks.add_up(torch.tensor([float(bool(why_not))])))
    return why_not or ("another process could not keep them" if failed else "")


def _read(states: HiddenStateCache, rows: Sequence[Sequence[int]], batch: MicroBatch, family: Family) -> None:
    ids, mask = (each.to(family.accelerator.device) for each in collate(rows, batch, family.pad_id))
    with family.accelerator.autocast():
        arrived = below(family.model, ids, mask).cpu()
    for row, state in zip(batch, arrived, strict=True):
        states.put(rows[row], state[: len(rows[row])])


def below(model: PartlyFrozen, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What the untouched blocks make of a batch, (rows, tokens, hidden); nothing above them is computed."""
    training = model.training
    handle = model.blocks()[model.frozen_blocks - 1].register_forward_hook(_stop)
    try:
        model.eval().walk(ids, mask)
    except _Arrived as arrived:
        return arrived.states
    finally:
        model.train(training)
        handle.remove()
    raise RuntimeError("the model did not pass through its blocks")


class _Arrived(Exception):
    def __init__(self, states: torch.Tensor) -> None:
        super().__init__()
        self.states = states


def _stop(block: nn.Module, args: tuple[Any, ...], given: torch.Tensor) -> None:
    raise _Arrived(given)


def _taken(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("hidden_states")


def _refusal(wanted: int, folder: Path, spare: int) -> str:
    """Why so many bytes may not be kept here; empty if they may."""
    room = int(max(0, shutil.disk_usage(folder).free - spare) * SHARE_OF_DISK)
    if wanted > min(room, MOST_KEPT_STATES):
        return (
            f"keeping the result would take {wanted / 1e6:,.0f} MB of disk, {min(room, MOST_KEPT_STATES) / 1e6:,.0f} MB "
            "may be used for it"
        )
    return ""
