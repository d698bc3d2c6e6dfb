"""One-vs-rest logistic regression on vectors of the base model: all labels at once, its penalty chosen on held-out rows.

The same optimum as scikit-learn's ``LogisticRegression`` for each label, since the labels share nothing; one batch of matrix
products instead of a fit for each label and penalty.
"""

from dataclasses import dataclass

import torch

from worker.engine.tasks.linear_probe import DEFAULT_STRENGTH, MAX_CHOICE_ROWS, MIN_CHOICE_ROWS, STRENGTHS, Probe

MAX_ITERATIONS = 100
# Iterations at each value of C while it is chosen: each begins where the one before ended.
CHOICE_ITERATIONS = 25
HELD_OUT = 5


@dataclass
class _Weights:
    """Weights (labels, hidden) and biases (labels), fp64."""

    weight: torch.Tensor
    bias: torch.Tensor

    @classmethod
    def zeros(cls, labels: int, hidden: int) -> "_Weights":
        return cls(torch.zeros(labels, hidden, dtype=torch.float64), torch.zeros(labels, dtype=torch.float64))

    def fit(self, vectors: torch.Tensor, targets: torch.Tensor, strength: float, iterations: int) -> None:
        """Move to the optimum of summed cross-entropy and penalty |w|^2 / (2 C)."""
        variables = [self.weight.requires_grad_(), self.bias.requires_grad_()]
        optimizer = torch.optim.LBFGS(
            variables, max_iter=iterations, history_size=10, line_search_fn="strong_wolfe", tolerance_grad=1e-5
        )

        def closure() -> float:
            optimizer.zero_grad()
            loss = _cross_entropy(vectors @ self.weight.T + self.bias, targets)
            total = loss + self.weight.square().sum() / (2 * strength)
            total.backward()  # type: ignore[no-untyped-call]
            return float(total.detach())

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        self.weight, self.bias = self.weight.detach(), self.bias.detach()


def fit(features: torch.Tensor, targets: torch.Tensor) -> Probe:
    """The probe at the penalty with the lowest loss on every fifth training row.

    Args:
        features: vectors (rows, hidden).
        targets: 1 where a label applies, else 0, (rows, labels).
    """
    vectors, wanted = features.double(), targets.double()
    fitted = _Weights.zeros(wanted.shape[1], vectors.shape[1])
    fitted.fit(vectors, wanted, choose_strength(vectors, wanted), MAX_ITERATIONS)
    return Probe(fitted.weight.float(), fitted.bias.float())


def choose_strength(vectors: torch.Tensor, targets: torch.Tensor) -> float:
    """The value of C with the lowest loss on held-out rows; a default where there are too few."""
    if len(vectors) < MIN_CHOICE_ROWS:
        return DEFAULT_STRENGTH
    order = torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))[:MAX_CHOICE_ROWS]
    vectors, targets = vectors[order], targets[order]
    held_out = torch.arange(len(vectors)) % HELD_OUT == 0
    fitted = _Weights.zeros(targets.shape[1], vectors.shape[1])
    losses = []
    for strength in STRENGTHS:
        fitted.fit(vectors[~held_out], targets[~held_out], strength, CHOICE_ITERATIONS)
        logits = vectors[held_out] @ fitted.weight.T + fitted.bias
        losses.append(float(_cross_entropy(logits, targets[held_out])))
    return STRENGTHS[losses.index(min(losses))]


def _cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
