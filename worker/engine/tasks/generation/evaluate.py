"""Reads examples with a model that writes, without learning: how likely it finds each, token by token."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import torch
from accelerate import Accelerator

from app.run_report import Report
from worker.engine.batching.batches import READING_BUDGET, TOKEN_BUDGET, plan_reading
from worker.engine.batching.packing import NOTHING, make_batch
from worker.engine.runtime.distributed import ALONE, ProcessGroup
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.generation.text_scores import RowScores


@torch.no_grad()
def read_all(
    model: CausalLM,
    examples: Sequence[TokenizedExample],
    pad_id: int,
    accelerator: Accelerator,
    report: Report,
    *,
    packed: bool,
    exact: bool = False,
    ranks: ProcessGroup = ALONE,
) -> RowScores:
    """Scores per example, in their order.

    Args:
        packed: several examples share a row where the model keeps them apart.
        exact: compute in fp32 although the run trains in bf16.
        ranks: processes that read a share each; all of them call this at the same moment and get the whole.
    """
    scores = RowScores(*(np.zeros(len(examples)) for _ in range(3)))
    budget = READING_BUDGET.get(accelerator.device.type, TOKEN_BUDGET)
    for rows in ranks.share(plan_reading([len(each.ids) for each in examples], budget)):
        report.stop_if_asked()
        batch = make_batch([examples[row] for row in rows], pad_id, packed=packed).to(accelerator.device)
        with nullcontext() if exact else accelerator.autocast():
            # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
            logits = CausalLM.forward(model, batch)
        wanted = batch.targets[batch.targets != NOTHING]
        owners = torch.tensor(rows)[batch.owners[batch.targets != NOTHING].cpu()].numpy()
        losses = torch.nn.functional.cross_entropy(logits, wanted, reduction="none").double().cpu().numpy()
        hits = (logits.argmax(-1) == wanted).cpu().numpy()
        np.add.at(scores.losses, owners, losses)
        np.add.at(scores.tokens, owners, 1)
        np.add.at(scores.right, owners, hits)
    return RowScores(
        *(ranks.add_up(torch.from_numpy(each)).numpy() for each in (scores.losses, scores.tokens, scores.right))
    )
