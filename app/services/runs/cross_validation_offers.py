"""Offers cross-validation to runs whose test split is too small to tell much, with what it would cost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.errors import StudioError
from app.models import DatasetVersion
from app.services.profiling.splits import SPLITS
from app.services.runs import cross_validation, run_costs
from app.services.runs.cross_validation import SETTING

FOLDS = 5
# From so many test rows on, the interval of a share is about ten points wide or less, and folds gain little.
ENOUGH_TEST_ROWS = 300
# Seconds that are spent on folds unasked.
CHEAP_SECONDS = 240.0


@dataclass(frozen=True)
class CrossValidationOffer:
    """What cross-validation would bring and cost.

    Attributes:
        rows: that would be answered, instead of ``test_rows``.
        seconds: that the folds take, by the estimate.
        cheap: whether it is done unless somebody decides otherwise.
    """

    folds: int
    rows: int
    test_rows: int
    seconds: float
    cheap: bool

    def as_dict(self) -> dict[str, Any]:
        """The offer as JSON."""
        return asdict(self)


def offer(
    version: DatasetVersion, *, base_model: str, method: dict[str, Any], training: Mapping[str, Any]
) -> CrossValidationOffer | None:
    """Cross-validation for a run that has too few test rows to tell much; None where they suffice or folds are impossible.

    Args:
        training: the settings that were chosen; missing ones take the defaults of the task.
    """
    test_rows = int(version.split_sizes.get("test", 0))
    if test_rows >= ENOUGH_TEST_ROWS or cross_validation.obstacle(version, FOLDS, version.task_type):
        return None
    chosen = {name: value for name, value in training.items() if name != SETTING}
    try:
        once, folded = (
            run_costs.estimate_with_defaults(version, base_model=base_model, method=method, training=settings).cost
            for settings in (chosen, {**chosen, SETTING: FOLDS})
        )
    except StudioError:
        return None
    seconds = max(0.0, folded.seconds_likely - once.seconds_likely)
    rows = sum(int(version.split_sizes.get(name, 0)) for name in SPLITS)
    return CrossValidationOffer(FOLDS, rows, test_rows, seconds, seconds <= CHEAP_SECONDS)
