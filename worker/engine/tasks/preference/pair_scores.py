"""How well a model tells better from worse answers: accuracy, margins, and what length alone explains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.catalog.paired_tests import PairedTest, paired_bootstrap
from app.intervals import wilson
from worker.engine.tasks.generation.text_scores import RowScores

Values = npt.NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]
# Of fewer pairs of different lengths nothing is said about length.
LENGTH_PAIRS = 10


@dataclass(frozen=True)
class PairMargins:
    """For each pair by how much the better answer is rated above the worse one, in nats.

    ``tie`` is what a pair counts whose answers are rated alike: nothing of a model, which then has not found the better one (as in
    trl's accuracies), and a half of a guess.
    """

    margins: Values
    tie: float = 0.0

    @property
    def right(self) -> Values:
        """1 where the better answer is rated higher, 0 where the worse one is, else :attr:`tie`."""
        return np.where(self.margins > 0, 1.0, np.where(self.margins < 0, 0.0, self.tie))

    @property
    def accuracy(self) -> float:
        """Share of pairs that are rated as they should be."""
        return float(self.right.mean())

    def interval(self) -> list[float]:
        """95 % interval of the accuracy (Wilson)."""
        return list(wilson(self.accuracy, len(self.margins)))

    def against(self, other: "PairMargins") -> PairedTest:
        """This model beside another on the same pairs, by the bootstrap over pairs."""
        return paired_bootstrap(self.right.tolist(), other.right.tolist())


def log_ratios(scores: RowScores, reference: Values, pairs: Pairs, scale: float = 1.0) -> PairMargins:
    """Margins of the rewards that DPO, IPO and KTO imply: scaled log-ratios to the reference's log-probabilities."""
    return _margins(scale * (-scores.losses - reference), pairs)


def likelihoods(scores: RowScores, pairs: Pairs, scale: float = 1.0) -> PairMargins:
    """Margins of the log-probability per token, the reward of SimPO, and how a model as it stands prefers."""
    return _margins(-scale * scores.losses / scores.tokens, pairs)


def lengths(texts: Sequence[str], pairs: Pairs) -> PairMargins:
    """Margins of the length in characters: the longer answer wins, and of two that are as long either."""
    return PairMargins(_margins(np.array([len(text) for text in texts], dtype=float), pairs).margins, tie=0.5)


def length_bias(longer: PairMargins, **models: PairMargins) -> dict[str, float]:
    """Share of pairs whose longer answer is better in the ``data``, and is preferred by each model; empty with too few pairs."""
    uneven = longer.margins != 0
    if int(uneven.sum()) < LENGTH_PAIRS:
        return {}
    sign = np.sign(longer.margins[uneven])
    shares = {"data": float((sign > 0).mean())}
    for name, margins in models.items():
        agreed = sign * np.sign(margins.margins[uneven])
        shares[name] = float(np.where(agreed > 0, 1.0, np.where(agreed < 0, 0.0, 0.5)).mean())
    return {"pairs": float(uneven.sum()), **shares}


def _margins(ratings: Values, pairs: Pairs) -> PairMargins:
    better, worse = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    return PairMargins(ratings[better] - ratings[worse])
