"""The learning rate of a run that leaves it open: the method's own, higher where the run is short, and why."""

import math
from dataclasses import dataclass
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method
from app.catalog.training import TrainingSettings
from app.languages import decimal, localized
from app.languages import gettext as _

# A method's own rate holds for about this many updates or more; a shorter run needs a higher rate, up to MAX_RAISE times: on 100
# updates rates chosen for thousands leave a small encoder far below what it can learn (decision 0023).
REFERENCE_STEPS = 400
MAX_RAISE = 2.0


@dataclass(frozen=True)
class DefaultRate:
    """A peak learning rate, the method's ``own`` for runs of :data:`REFERENCE_STEPS` updates or more, and the run's updates."""

    rate: float
    own: float
    updates: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**vars(self), "reason": self.reason}

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        rate, own = localized(f"{self.rate:.2g}"), localized(f"{self.own:.2g}")
        if self.rate == self.own:
            return _("The learning rate is {rate}, the method's own.", rate=rate)
        return _(
            "The learning rate is {rate}, more than the method's own {own}, because the run has only {updates} updates.",
            rate=rate,
            own=own,
            updates=decimal(self.updates),
        )


def default_rate(method: Method, base: BaseModelCard, training: TrainingSettings, rows: int) -> DefaultRate:
    """The peak rate of a training on so many rows, unless somebody says otherwise."""
    own, updates = method.recommended_learning_rate(base), training.updates(rows)
    return DefaultRate(own * min(MAX_RAISE, max(1.0, math.sqrt(REFERENCE_STEPS / updates))), own, updates)
