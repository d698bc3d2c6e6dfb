"""Passes over rows without training: batches by token budget, the number format, and whether processes share the work."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from app.run_report import Report
from worker.engine.batching.batches import READING_BUDGET, TOKEN_BUDGET, MicroBatch, collate, plan_reading
from worker.engine.runtime.distributed import shard


@dataclass(frozen=True)
class EvaluationLoop:
    """What every pass over rows needs besides model and rows.

    Attributes:
        accelerator: gives device, mixed precision and process group.
        report: is asked before every batch whether to stop.
        pad_id: the token that fills up a row.
    """

    accelerator: Accelerator
    report: Report
    pad_id: int

    @property
    def device(self) -> torch.device:
        """Where batches go."""
        device: torch.device = self.accelerator.device
        return device

    def batches(self, lengths: Sequence[int], *, sharded: bool = False) -> Iterator[MicroBatch]:
        """Positions of rows of similar length.

        Args:
            lengths: tokens of each row.
            sharded: each process gets a share; all of them call this at the same moment and add up what they find.
        """
        plan = plan_reading(lengths, READING_BUDGET.get(self.device.type, TOKEN_BUDGET))
        for batch in shard(plan, self.accelerator) if sharded else plan:
            self.report.stop_if_asked()
            yield batch

    def collate(self, tokens: Sequence[Sequence[int]], rows: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids and attention mask of rows, both (rows, tokens), on the device."""
        ids, mask = collate(tokens, rows, self.pad_id)
        return ids.to(self.device), mask.to(self.device)

    def autocast(self, *, exact: bool = False) -> AbstractContextManager[object]:
        """The run's mixed precision, or fp32 if ``exact``."""
        return nullcontext() if exact else self.accelerator.autocast()
