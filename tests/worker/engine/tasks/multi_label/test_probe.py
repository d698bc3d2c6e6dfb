"""One-vs-rest logistic regression for all labels at once."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from worker.engine.tasks.linear_probe import DEFAULT_STRENGTH
from worker.engine.tasks.multi_label.probe import choose_strength, fit


def made(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    dice = torch.Generator().manual_seed(1)
    vectors = torch.randn(rows, 6, generator=dice)
    noise = 0.5 * torch.randn(rows, 3, generator=dice)
    return vectors, (vectors[:, :3] + noise > torch.tensor([0.0, 0.8, -0.5])).float()


def test_it_is_scikit_learns_regression_for_each_label() -> None:
    vectors, targets = made(200)
    probe, strength = fit(vectors, targets), choose_strength(vectors.double(), targets.double())
    for label in range(3):
        oracle = LogisticRegression(C=strength, max_iter=1000, tol=1e-8).fit(vectors.numpy(), targets[:, label].numpy())
        assert np.allclose(probe.weight[label].numpy(), oracle.coef_[0], atol=2e-3)
        assert np.allclose(float(probe.bias[label]), oracle.intercept_[0], atol=2e-3)


def test_few_rows_choose_nothing() -> None:
    vectors, targets = made(12)
    assert choose_strength(vectors.double(), targets.double()) == DEFAULT_STRENGTH
