"""Caches the hidden states above the frozen blocks: each text runs through them once instead of in every epoch.

Which blocks are frozen follows from the model: those that no gradient reaches. They run without dropout, cached or not
(docs/decisions/0024). The states hold for one number format: drop them before reading in another.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from app.catalog.workload import MAX_STATE_BYTES
from worker.engine.batching.batches import MicroBatch, collate
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.modeling.partly_frozen import PartlyFrozen, RowSpan, row_key
from worker.engine.runtime.distributed import broadcast_object
from worker.engine.tasks.base import TaskFamily

FILE = "frozen-states"
# Of the disk beyond what has to stay free, so that checkpoints find room beside it.
SHARE_OF_DISK = 0.5


def enable(family: TaskFamily) -> None:
    """Find the frozen blocks and cache their output for the rows of every epoch; reports whether it does.

    Without the cache, because it would need too much disk or a single epoch reads each row once, the result is the same.
    """
    if not family.caches_hidden_states:
        return
    model, report, accelerator = family.model, family.report, family.accelerator
    rows = family.repeated_rows()
    model.freeze(count_frozen_blocks(model, *collate(rows, [0], family.pad_id)))
    if not model.frozen_blocks or family.use_cached_vectors() or family.job.spec.training.epochs <= 1:
        return
    rows = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    cache = HiddenStateCache(rows, family.job.base.hidden_size, cache_dtype(accelerator))
    folder = family.job.folder
    frozen = f"The lower {model.frozen_blocks} of {len(model.blocks())} layers learn nothing"
    refusal = broadcast_object(_refusal(cache.bytes, folder, family.job.free_disk_bytes))
    if not refusal:
        report.phase("Caching the frozen layers")
        cache.open(folder, accelerator)
        refusal = _fill(cache, rows, family)
        report.phase("Training")
    if refusal:
        cache.close()
        report.event("notice", f"{frozen}, but every text goes through them in every pass: {refusal}.")
        return
    model.hidden_states = cache
    report.event(
        "notice", f"{frozen}: each text went through them once, and the result is kept ({cache.bytes / 1e6:,.1f} MB)."
    )


def cache_dtype(accelerator: Accelerator) -> torch.dtype:
    """The number format of cached states: that of the run where it computes in full precision, else 16 bits."""
    return torch.float32 if accelerator.mixed_precision == "no" else torch.float16


def count_frozen_blocks(model: PartlyFrozen, ids: torch.Tensor, mask: torch.Tensor) -> int:
    """How many blocks, from the input upwards, need no gradient; a batch (rows, tokens) is run to find out.

    A block counts if its input is the output of the one before, and its own output requires no gradient.
    """
    blocks = model.blocks()
    seen: list[tuple[Any, Any]] = []
    handles = [
        block.register_forward_hook(
            lambda block, args, kwargs, output: seen.append((_hidden_input(args, kwargs), output)), with_kwargs=True
        )
        for block in blocks
    ]
    training, device = model.training, next(model.parameters()).device
    try:
        with torch.enable_grad():
            model.eval().run_core(ids.to(device), mask.to(device))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    if len(seen) != len(blocks):
        # Blocks that a text goes through more than once (ALBERT), or not at all, are no sequence that could be skipped.
        return 0
    count = 0
    for block, (states, output), (_, before) in zip(blocks, seen, [(None, seen[0][0]), *seen], strict=False):
        chained = isinstance(output, torch.Tensor) and states is before
        if not chained or output.requires_grad or trainable_parameters(block):
            break
        count += 1
    return count


class HiddenStateCache:
    """Hidden states of rows, one after another in an unlinked file, which disappears with the process.

    Read and not mapped: the pages of a mapped file would count as memory of this process.
    """

    def __init__(self, rows: Sequence[Sequence[int]], width: int, dtype: torch.dtype) -> None:
        self._width, self._dtype, self._computed_dtype = width, dtype, torch.float32
        # Row key -> (offset in bytes, tokens).
        self._offsets: dict[bytes, tuple[int, int]] = {}
        self._handle = -1
        self.bytes = 0
        for row in rows:
            self._offsets[row_key(row)] = (self.bytes, len(row))
            self.bytes += len(row) * width * dtype.itemsize

    def open(self, folder: Path, accelerator: Accelerator) -> None:
        """Make the file; all processes of the group share it."""
        self._handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            (folder / FILE).unlink()

    def close(self) -> None:
        """Free the disk."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def put(self, row: Sequence[int], states: torch.Tensor) -> None:
        """Store the hidden states (tokens, hidden) of a row at the first block that trains.

        Raises:
            OverflowError: a number is too large for the format.
        """
        self._computed_dtype = states.dtype
        stored = states.to(self._dtype).contiguous()
        if not bool(stored.isfinite().all()):
            raise OverflowError(f"a number is too large for {self._dtype}")
        offset, _ = self._offsets[row_key(row)]
        remaining = stored.view(torch.uint8).numpy().data.cast("B")
        while remaining:
            written = os.pwrite(self._handle, remaining, offset)
            remaining, offset = remaining[written:], offset + written

    def gather(self, spans: Sequence[RowSpan], shape: torch.Size, device: torch.device) -> torch.Tensor | None:
        """See :class:`HiddenStateSource`."""
        states = torch.zeros((*shape, self._width), dtype=self._dtype)
        raw = states.view(torch.uint8).numpy()
        for span in spans:
            offset, length = self._offsets.get(span.key, (0, 0))
            if not length:
                return None
            target = raw[span.row, span.start : span.start + length].data.cast("B")
            while target:
                read = os.preadv(self._handle, [target], offset)
                if not read:
                    raise EOFError(f"{FILE} ends at byte {offset:,}")
                target, offset = target[read:], offset + read
        return states.to(device).to(self._computed_dtype)


@torch.no_grad()
def _fill(cache: HiddenStateCache, rows: Sequence[Sequence[int]], family: TaskFamily) -> str:
    """Compute the rows, each process its share; returns why that failed, empty if it did not.

    The batches depend on the rows alone, so that a resumed run caches bitwise the same.
    """
    failure = ""
    try:
        for batch in family.evaluation.batches([len(row) for row in rows], sharded=True):
            _compute(cache, rows, batch, family)
    except (OSError, OverflowError) as error:
        failure = str(error)
    failures = float(family.accelerator.reduce(torch.tensor([float(bool(failure))]), "sum"))
    return failure or ("another process could not keep them" if failures else "")


def _compute(cache: HiddenStateCache, rows: Sequence[Sequence[int]], batch: MicroBatch, family: TaskFamily) -> None:
    ids, mask = family.evaluation.collate(rows, batch)
    with family.accelerator.autocast():
        states = run_frozen_blocks(family.model, ids, mask).cpu()
    for row, row_states in zip(batch, states, strict=True):
        cache.put(rows[row], row_states[: len(rows[row])])


def run_frozen_blocks(model: PartlyFrozen, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The output of the last frozen block for a batch, (rows, tokens, hidden); nothing above it is computed."""
    training = model.training
    handle = model.blocks()[model.frozen_blocks - 1].register_forward_hook(_interrupt)
    try:
        model.eval().run_core(ids, mask)
    except _Computed as computed:
        return computed.states
    finally:
        model.train(training)
        handle.remove()
    raise RuntimeError("the model did not pass through its blocks")


class _Computed(Exception):
    """Ends the forward pass above the frozen blocks."""

    def __init__(self, states: torch.Tensor) -> None:
        super().__init__()
        self.states = states


def _interrupt(block: nn.Module, args: tuple[Any, ...], output: torch.Tensor) -> None:
    raise _Computed(output)


def _hidden_input(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("hidden_states")


def _refusal(wanted: int, folder: Path, spare: int) -> str:
    """Why so many bytes may not be stored here; empty if they may."""
    allowed = min(int(max(0, shutil.disk_usage(folder).free - spare) * SHARE_OF_DISK), MAX_STATE_BYTES)
    if wanted > allowed:
        return (
            f"keeping the result would take {wanted / 1e6:,.0f} MB of disk, {allowed / 1e6:,.0f} MB may be used for it"
        )
    return ""
