"""Ridge regression on vectors of the base model: the baseline of a run, and the start of its head.

All numbers and penalties at once from one eigendecomposition of the vectors' covariance in each fold. The same optimum as
scikit-learn's ``Ridge`` with its ``alpha``.
"""

import torch

from worker.engine.tasks.linear_probe import FOLDS, MAX_CHOICE_ROWS, MIN_CHOICE_ROWS, Probe

# Penalties that are tried, as shares of the mean variance of a direction summed over rows, so that they fit vectors of any length.
PENALTIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0, 30.0, 100.0)
DEFAULT_PENALTY = 1.0
# A decomposition takes seconds for wider vectors; there only the first fold is held out.
WIDE = 1024


def fit(features: torch.Tensor, targets: torch.Tensor) -> Probe:
    """The regression at the penalty with the lowest squared error on training rows that were held out.

    Args:
        features: vectors (rows, hidden).
        targets: numbers (rows, numbers), each of mean 0 and standard deviation 1.
    """
    vectors, wanted = features.double(), targets.double()
    [(weight, bias)] = _solve(vectors, wanted, (choose_penalty(vectors, wanted),))
    # Packed, as it is kept in a file.
    return Probe(weight.float().contiguous(), bias.float())


def choose_penalty(vectors: torch.Tensor, targets: torch.Tensor) -> float:
    """The penalty of :data:`PENALTIES` by cross-validation; a default where there are too few rows."""
    if len(vectors) < MIN_CHOICE_ROWS:
        return DEFAULT_PENALTY
    order = torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))[:MAX_CHOICE_ROWS]
    vectors, targets = vectors[order], targets[order]
    errors = torch.zeros(len(PENALTIES), dtype=torch.float64)
    for fold in range(FOLDS if vectors.shape[1] <= WIDE else 1):
        held_out = torch.arange(len(vectors)) % FOLDS == fold
        for at, (weight, bias) in enumerate(_solve(vectors[~held_out], targets[~held_out], PENALTIES)):
            errors[at] += (vectors[held_out] @ weight.T + bias - targets[held_out]).square().sum()
    return PENALTIES[int(errors.argmin())]


def _solve(
    vectors: torch.Tensor, targets: torch.Tensor, penalties: tuple[float, ...]
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Weights (numbers, hidden) and biases (numbers) at each penalty; the bias is not penalised."""
    centre, middle = vectors.mean(0), targets.mean(0)
    centred, wanted = vectors - centre, targets - middle
    values, directions = torch.linalg.eigh(centred.T @ centred)
    products = directions.T @ (centred.T @ wanted)
    scale = values.clamp(min=0).mean().clamp(min=1e-12)
    found = []
    for penalty in penalties:
        weight = (directions @ (products / (values.clamp(min=0) + penalty * scale).unsqueeze(1))).T
        found.append((weight, middle - weight @ centre))
    return found
