"""What a method gets to know about its run: a few training batches with their loss, length, seed, tokenizer."""

import torch
from torch import nn

from app.catalog.methods.base import Method, RunContext
from worker.engine.batching.batches import collate
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.model import PooledClassifier

ROWS = 16


def make_context(
    method: Method, model: PooledClassifier, data: Encoded, tokenizer: object, *, total_steps: int, seed: int
) -> RunContext:
    """The context for ``method``; batches are drawn from the training rows by the seed alone."""
    pad_id = int(getattr(tokenizer, "pad_token_id", 0) or 0)
    device = next(model.parameters()).device
    dice = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data.tokens), generator=dice).tolist()[: ROWS * method.batches_wanted]
    drawn = [order[first : first + ROWS] for first in range(0, len(order), ROWS)]
    batches = []
    for rows in drawn:
        ids, mask = (each.to(device) for each in collate(data.tokens, rows, pad_id))
        batches.append({"input_ids": ids, "attention_mask": mask})

    def loss(number: int) -> torch.Tensor:
        model.eval()
        wanted = torch.tensor([data.labels[row] for row in drawn[number]], device=device)
        batch = batches[number]
        return nn.functional.cross_entropy(model(batch["input_ids"], batch["attention_mask"]), wanted)

    return RunContext(total_steps=total_steps, seed=seed, batches=batches, loss=loss, tokenizer=tokenizer)
