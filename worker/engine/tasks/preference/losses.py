"""The losses that tell better from worse answers, from the log-probabilities of whole answers.

All are summed over pairs (or single answers), in nats; the arguments are tensors of shape (pairs,). Log-probabilities are summed over
the tokens of an answer; ``tokens`` are their numbers.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

AUTO, DPO, IPO, ORPO, SIMPO, KTO = "auto", "dpo", "ipo", "orpo", "simpo", "kto"
# Those that measure how far an answer moved from what it was before training.
REFERRING = (DPO, IPO, KTO)
DEFAULT_BETA = {SIMPO: 2.0}
USUAL_BETA = 0.1


@dataclass(frozen=True)
class AnswerLogps:
    """Log-probabilities of answers and the number of their tokens, both (answers,)."""

    logps: torch.Tensor
    tokens: torch.Tensor

    @property
    def mean(self) -> torch.Tensor:
        """Per token."""
        return self.logps / self.tokens


def default_beta(loss: str) -> float:
    """Beta where none was chosen."""
    return DEFAULT_BETA.get(loss, USUAL_BETA)


def pair_loss(
    loss: str,
    chosen: AnswerLogps,
    rejected: AnswerLogps,
    reference: tuple[torch.Tensor, torch.Tensor],
    *,
    beta: float,
    gamma: float = 0.0,
) -> torch.Tensor:
    """The loss of pairs, scalar.

    Args:
        reference: log-probabilities of both sides before training.
        beta: see the training settings.
        gamma: the target margin of SimPO.
    """
    if loss == DPO:
        return dpo(chosen.logps - reference[0], rejected.logps - reference[1], beta)
    if loss == IPO:
        ratios = (chosen.logps - reference[0]) / chosen.tokens, (rejected.logps - reference[1]) / rejected.tokens
        return ipo(*ratios, beta)
    if loss == ORPO:
        return orpo(chosen, rejected, beta)
    return simpo(chosen.mean, rejected.mean, beta, gamma)


def dpo(chosen: torch.Tensor, rejected: torch.Tensor, beta: float) -> torch.Tensor:
    """Direct preference optimisation of log-ratios to the reference (Rafailov et al. 2023, equation 7)."""
    return -logsigmoid(beta * (chosen - rejected)).sum()


def ipo(chosen: torch.Tensor, rejected: torch.Tensor, beta: float) -> torch.Tensor:
    """Identity preference optimisation (Azar et al. 2024, equation 17), of log-ratios per token, as its authors normalise them."""
    return ((chosen - rejected - 1 / (2 * beta)) ** 2).sum()


def orpo(chosen: AnswerLogps, rejected: AnswerLogps, beta: float) -> torch.Tensor:
    """Odds ratio preference optimisation (Hong et al. 2024, equations 6 and 7): the loss per token of the chosen answer, and beta
    times that of the odds, both from log-probabilities per token."""
    odds = (chosen.mean - rejected.mean) - (_log1mexp(chosen.mean) - _log1mexp(rejected.mean))
    return (-chosen.mean - beta * logsigmoid(odds)).sum()


def simpo(chosen: torch.Tensor, rejected: torch.Tensor, beta: float, gamma: float) -> torch.Tensor:
    """Simple preference optimisation of log-probabilities per token (Meng et al. 2024, equation 6)."""
    return -logsigmoid(beta * (chosen - rejected) - gamma).sum()


def kto(
    ratios: torch.Tensor, good: torch.Tensor, distance: torch.Tensor, *, beta: float, weights: tuple[float, float]
) -> torch.Tensor:
    """Kahneman-Tversky optimisation (Ethayarajh et al. 2024) of single answers.

    Args:
        ratios: log-ratios to the reference, (answers,).
        good: which of them are desirable.
        distance: the estimate of the divergence from the reference (scalar, without gradient).
        weights: of desirable and of undesirable answers.
    """
    desirable = 1 - torch.sigmoid(beta * (ratios - distance))
    undesirable = 1 - torch.sigmoid(beta * (distance - ratios))
    return torch.where(good, weights[0] * desirable, weights[1] * undesirable).sum()


def kto_weights(desirable: float | None, undesirable: float | None, good: int, bad: int) -> tuple[float, float]:
    """The weights of good and bad answers; one that is None makes both sides weigh the same in all.

    With both open, the commoner side weighs 1.
    """
    good, bad = max(1, good), max(1, bad)
    if desirable is None and undesirable is None:
        return max(1.0, bad / good), max(1.0, good / bad)
    first = desirable if desirable is not None else float(undesirable or 1) * bad / good
    return first, undesirable if undesirable is not None else first * good / bad


def _log1mexp(value: torch.Tensor) -> torch.Tensor:
    """log(1 - exp(value)) for negative values, exact near 0 as well (Maechler 2012)."""
    value = torch.clamp(value, max=-1e-7)
    return torch.where(value > -0.6931472, torch.log(-torch.expm1(value)), torch.log1p(-torch.exp(value)))
