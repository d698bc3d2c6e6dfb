"""Ridge regression on vectors, for all numbers and penalties at once."""

import numpy as np
import torch
from sklearn.linear_model import Ridge

from worker.engine.tasks.regression.ridge import DEFAULT_PENALTY, choose_penalty, fit


def made(rows: int, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    dice = torch.Generator().manual_seed(1)
    vectors = torch.randn(rows, 12, generator=dice, dtype=torch.float64) + 3
    return vectors, vectors[:, :2] * 2 - 1 + noise * torch.randn(rows, 2, generator=dice, dtype=torch.float64)


def test_it_is_scikit_learns_ridge() -> None:
    vectors, targets = made(80, 1.0)
    probe, penalty = fit(vectors, targets), choose_penalty(vectors, targets)
    # The penalty is a share of the mean eigenvalue of the centred vectors' products, which is their mean squared deviation.
    alpha = penalty * float((vectors - vectors.mean(0)).square().sum(0).mean())
    oracle = Ridge(alpha=alpha).fit(vectors.numpy(), targets.numpy())
    assert probe.weight.is_contiguous(), "a file of safetensors takes nothing else"
    assert np.allclose(probe.weight.numpy(), oracle.coef_, atol=1e-5)
    assert np.allclose(probe.bias.numpy(), oracle.intercept_, atol=1e-4)


def test_noise_wants_a_stronger_penalty_and_few_rows_choose_none() -> None:
    assert choose_penalty(*made(60, 0.01)) < choose_penalty(*made(60, 20.0))
    assert choose_penalty(*made(12, 1.0)) == DEFAULT_PENALTY
