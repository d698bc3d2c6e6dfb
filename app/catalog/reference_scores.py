"""Scores of written texts against references: chrF and BLEU as sacrebleu counts them, with intervals and paired tests.

Both are scores of all texts together, made of counts for each text, which are kept: so drawing the texts anew costs a sum (Koehn
2004, W04-3250). chrF is Popović 2015 (W15-3049), BLEU Papineni et al. 2002 (P02-1040) with sacrebleu's own tokens (Post 2018,
W18-6319). Imports no torch; sacrebleu only inside functions, as it takes a moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from app.catalog.paired_tests import PairedTest, drawn_interval, paired_scores

Counts = npt.NDArray[np.float64]
CHRF, BLEU = "chrf", "bleu"
RESAMPLES = 1000


@dataclass(frozen=True)
class ReferenceCounts:
    """What the scores are made of: for each score its counts, (texts, numbers)."""

    by_score: Mapping[str, Counts]

    def __len__(self) -> int:
        return len(self.by_score[CHRF])

    def score(self, name: str, rows: npt.NDArray[np.intp] | None = None) -> float:
        """A score (0 to 1) of all texts, or of some, which may come more than once."""
        counts = self.by_score[name]
        return score_of(name, (counts if rows is None else counts[rows]).sum(0))

    def interval(self, name: str, seed: int = 0) -> list[float]:
        """95 % interval by the percentile bootstrap over the texts."""
        return list(drawn_interval(lambda texts: self.score(name, texts), len(self), RESAMPLES, seed))

    def of_texts(self, name: str) -> list[float]:
        """The score of each text alone."""
        return [score_of(name, counts) for counts in self.by_score[name]]


def count(answers: Sequence[str], references: Sequence[Sequence[str]]) -> ReferenceCounts:
    """The counts of some answers, each with one or more references."""
    most = max((len(known) for known in references), default=1)
    # sacrebleu wants as many lists as there are references, with gaps where a text has fewer.
    streams: list[list[str | None]] = [
        [known[at] if at < len(known) else None for known in references] for at in range(most)
    ]
    return ReferenceCounts(
        {
            name: np.asarray(_metric(name)._extract_corpus_statistics(list(answers), streams), dtype=float)
            for name in (CHRF, BLEU)
        }
    )


def score_of(name: str, counts: Counts) -> float:
    """A score (0 to 1) from the summed counts of texts."""
    return float(_metric(name)._compute_score_from_stats(counts.tolist()).score) / 100


def paired(
    first: ReferenceCounts, second: ReferenceCounts, name: str = CHRF, seed: int = 0, factor: float = 1.0
) -> PairedTest:
    """Two models on the same texts, by their score over all texts; ``first_only`` counts texts that the first wrote better."""
    gains = np.asarray(first.of_texts(name)) - np.asarray(second.of_texts(name))
    return paired_scores(
        lambda rows: (first.score(name, rows), second.score(name, rows)), gains, seed=seed, factor=factor, span=1.0
    )


def signature(name: str) -> str:
    """How sacrebleu calls what was computed, so that others can repeat it."""
    return str(_metric(name).get_signature())


@lru_cache
def _metric(name: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU as Bleu
    from sacrebleu.metrics.chrf import CHRF as Chrf

    # ``force`` only silences advice about texts that were split into words before.
    return Chrf() if name == CHRF else Bleu(force=True)
