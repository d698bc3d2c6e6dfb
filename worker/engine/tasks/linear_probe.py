"""The linear probe: logistic regression on vectors of the base model.

It is the baseline that a run has to beat, and the start of the head (LP-FT, Kumar et al. 2022, arXiv 2202.10054): fine-tuning from
a fitted head keeps what the encoder already knows.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

# Inverse strength of the penalty, and iterations of L-BFGS: on unit vectors of Banking77 this reaches 0.930.
STRENGTH = 10.0
MAX_ITERATIONS = 200
# How far below every fitted label a label without a training row starts.
UNSEEN_MARGIN = 5.0


@dataclass(frozen=True)
class Probe:
    """Weights (labels, hidden) and biases (labels), both fp32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Scores (rows, labels) for sentence vectors (rows, hidden)."""
        return features @ self.weight.T + self.bias

    @torch.no_grad()
    def copy_to(self, head: torch.nn.Linear) -> None:
        """Put the probe into a head of shape (labels, hidden)."""
        head.weight.copy_(self.weight)
        head.bias.copy_(self.bias)


def fit_probe(features: torch.Tensor, labels: Sequence[int], label_count: int) -> Probe:
    """Fit on sentence vectors (rows, hidden); labels without a training row are scored below all others."""
    regression = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # Stopping at the limit is fine: the probe is a start and a baseline, not a solution to many digits.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(features.numpy(), np.asarray(labels))
    weight, bias = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        # Two labels come back as one vector for their difference.
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    full_weight = np.zeros((label_count, features.shape[1]))
    full_bias = np.full(label_count, bias.min() - UNSEEN_MARGIN)
    full_weight[regression.classes_], full_bias[regression.classes_] = weight, bias
    return Probe(torch.tensor(full_weight, dtype=torch.float32), torch.tensor(full_bias, dtype=torch.float32))
