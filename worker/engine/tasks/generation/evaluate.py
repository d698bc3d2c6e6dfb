"""The likelihood that a model gives to what examples have it write, token by token."""

from collections.abc import Sequence

import numpy as np
import torch

from worker.engine.batching.packing import IGNORED
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import WritingModel
from worker.engine.tasks.generation.text_scores import RowScores


@torch.no_grad()
def read_all(
    model: WritingModel,
    examples: Sequence[TokenizedExample],
    evaluation: EvaluationLoop,
    *,
    packed: bool,
    exact: bool = False,
    sharded: bool = False,
) -> RowScores:
    """Scores per example, in their order.

    Args:
        packed: several examples share a row; the model must keep them apart.
        exact: compute in fp32 although the run trains in bf16.
        sharded: the processes of the group read a share each; all of them call this at the same moment and get the whole.
    """
    scores = RowScores(*(np.zeros(len(examples)) for _ in range(3)))
    for rows in evaluation.batches([len(example.ids) for example in examples], sharded=sharded):
        chosen = [examples[row] for row in rows]
        batch = model.make_batch(chosen, evaluation.pad_id, packed=packed).to(evaluation.device)
        with evaluation.autocast(exact=exact):
            # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
            logits = type(model).forward(model, batch)
        predicted = batch.targets != IGNORED
        targets = batch.targets[predicted]
        owners = torch.tensor(rows)[batch.owners[predicted].cpu()].numpy()
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none").double().cpu().numpy()
        np.add.at(scores.losses, owners, losses)
        np.add.at(scores.tokens, owners, 1)
        np.add.at(scores.right, owners, (logits.argmax(-1) == targets).cpu().numpy())
    if not sharded:
        return scores
    arrays = (scores.losses, scores.tokens, scores.right)
    return RowScores(*(evaluation.accelerator.reduce(torch.from_numpy(array), "sum").numpy() for array in arrays))
