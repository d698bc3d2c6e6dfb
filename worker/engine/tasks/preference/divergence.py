"""How far the tuned model's next-token probabilities are from the reference's, on held-out answers."""

from collections.abc import Sequence

import torch

from worker.engine.batching.packing import make_batch
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM

# Positions that are compared, spread over so many answers; of a large vocabulary fewer, so that they fit into 128 MB.
ANSWERS, POSITIONS, MAX_NUMBERS = 16, 512, 2**25


@torch.no_grad()
def next_tokens(model: CausalLM, answers: Sequence[TokenizedExample], evaluation: EvaluationLoop) -> torch.Tensor:
    """Log-probabilities (positions, vocabulary) of the tokens that follow, at the first positions of some answers, in fp32."""
    kept: list[torch.Tensor] = []
    answers = answers[:ANSWERS]
    for answer in answers:
        batch = make_batch([answer], evaluation.pad_id, packed=False).to(evaluation.device)
        logits = CausalLM.forward(model, batch)
        positions = min(POSITIONS, MAX_NUMBERS // logits.shape[-1]) // max(1, len(answers))
        kept.append(torch.log_softmax(logits[: max(1, positions)], dim=-1).cpu())
    return torch.cat(kept)


def divergence(tuned: torch.Tensor, reference: torch.Tensor) -> float:
    """Mean Kullback-Leibler divergence from the reference in nats per token, exact over the vocabulary (both as above)."""
    return float((tuned.exp() * (tuned - reference)).sum(-1).mean())
