"""What a verdict offers as one click: a new run with one changed setting, or the page where the cause is fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from app.catalog.base_models import base_model
from app.catalog.default_rate import default_rate
from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings
from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import Run
from app.services.runs import cross_validation
from app.services.runs.cross_validation import SETTING
from app.services.runs.cross_validation_offers import ENOUGH_TEST_ROWS as FEW_TEST_ROWS
from app.services.runs.cross_validation_offers import FOLDS

Points = Mapping[str, Sequence[Sequence[float]]]
# Data set, its split, other methods, or the step of the wizard that chooses the base model.
Page = Literal["data", "split", "methods", "model"]

DEFAULTS = TrainingSettings()
MAX_TEXT_LENGTH = 8192
# A training loss below this (nats) cannot fall any further.
LEARNED_LOSS = 0.01
PATIENCE = 3
MAX_EPOCHS = 100.0


@dataclass(frozen=True)
class VerdictRemedy:
    """Button text and its effect: ``training`` settings of a new run, or ``page`` (one of :data:`Page`).

    The run page makes the address.
    """

    words: str
    training: Mapping[str, Any] | None = None
    page: Page | None = None

    def as_dict(self) -> dict[str, Any]:
        """``{"words", "training"}`` or ``{"words", "page"}``."""
        if self.training is None:
            return {"words": _(self.words), "page": self.page}
        return {"words": _(self.words), "training": dict(self.training)}


MORE_DATA = VerdictRemedy(gettext_noop("Add rows to the data set"), page="data")
CHECK_DATA = VerdictRemedy(gettext_noop("Look at the data set"), page="data")
# A larger share of the rows, or a split that holds the newest: both are made there, and later runs are tested on it.
LARGER_TEST = VerdictRemedy(gettext_noop("Give the test a larger share of the rows"), page="split")
OTHER_METHODS = VerdictRemedy(gettext_noop("Compare other methods on the same rows"), page="methods")
OTHER_MODEL = VerdictRemedy(gettext_noop("New run with another base model"), page="model")


def more_tested_rows(run: Run) -> VerdictRemedy:
    """How more rows are tested: by cross-validation where few are, by adding rows where all of them are."""
    results = run.results or {}
    if results.get("cross_validation"):
        return MORE_DATA
    rows = int(results.get("test_rows") or 0)
    derived, version = bool((run.spec or {}).get("origin")), run.dataset_version
    possible = version is None or cross_validation.obstacle(version, FOLDS, run.task_type) is None
    if rows < FEW_TEST_ROWS and not derived and possible:
        return VerdictRemedy(_("New run with {FOLDS}-fold cross-validation", FOLDS=FOLDS), {SETTING: FOLDS})
    return LARGER_TEST


def used_learning_rate(run: Run, points: Points) -> float | None:
    """The peak learning rate of the run's schedule; of one that has not ended the highest so far, or the one that was set."""
    if (planned := (run.results or {}).get("learning_rate")) is not None:
        return float(planned)
    used = [value for _, value in points.get("train/learning_rate", ()) if value is not None]
    given = (run.spec.get("training") or {}).get("learning_rate") if run.spec else None
    rate = max(used, default=given)
    return float(rate) if isinstance(rate, float | int) else None


def scaled_learning_rate(run: Run, points: Points, factor: float) -> VerdictRemedy | None:
    """The present learning rate times a factor; None if the rate is not known."""
    rate = used_learning_rate(run, points)
    if rate is None:
        return None
    wanted = float(f"{rate * factor:.2g}")
    return VerdictRemedy(_("New run with the learning rate {wanted}", wanted=f"{wanted:g}"), {"learning_rate": wanted})


def lower_learning_rate(run: Run, points: Points) -> VerdictRemedy | None:
    """A third of the learning rate; the recommended one where that is lower still, as after a rate that was mistyped."""
    rate, recommended = used_learning_rate(run, points), _recommended_learning_rate(run)
    if rate is not None and recommended is not None and recommended < rate / 3:
        return VerdictRemedy(_("New run with the recommended learning rate"), {"learning_rate": None})
    return scaled_learning_rate(run, points, 1 / 3)


def _recommended_learning_rate(run: Run) -> float | None:
    """The highest rate that the method would have used for this run; None where method or base model are gone."""
    settings = (run.spec or {}).get("method") or {}
    try:
        method = method_class(settings.get("kind", "")).model_validate(settings)
        return default_rate(method, base_model((run.spec or {}).get("base_model", "")), TrainingSettings(), rows=1).rate
    except (StudioError, ValidationError):
        return None


def more_epochs(run: Run) -> VerdictRemedy | None:
    """Twice the epochs; None where that is more than a run may have, or where nothing is left to learn from the rows."""
    if is_learned(run):
        return None
    wanted = 2 * _setting(run, "epochs")
    return _epochs(wanted) if wanted <= MAX_EPOCHS else None


def is_learned(run: Run) -> bool:
    """Whether the training rows are known by heart, so that passing over them again changes nothing."""
    loss = (run.results or {}).get("train_loss")
    return loss is not None and loss < LEARNED_LOSS


def half_the_epochs(run: Run) -> VerdictRemedy | None:
    """Half the epochs, at least one; None if the number is not known."""
    epochs = ((run.spec or {}).get("training") or {}).get("epochs")
    return VerdictRemedy(_("New run with half the epochs"), {"epochs": max(1, epochs / 2)}) if epochs else None


def epochs_until(run: Run, points: Points, step: int) -> VerdictRemedy | None:
    """The number of epochs up to this step, rounded to quarters; None for the start and for the planned end."""
    last = max((int(pairs[-1][0]) for pairs in points.values() if pairs), default=0)
    planned = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps") or last
    if not planned or not 0 < step < planned:
        return None
    wanted = max(0.25, round(4 * _setting(run, "epochs") * step / planned) / 4)
    return _epochs(wanted)


def early_stopping() -> VerdictRemedy:
    """A run with early stopping."""
    return VerdictRemedy(
        _("New run with early stopping after {PATIENCE} checks without gain", PATIENCE=PATIENCE), {"patience": PATIENCE}
    )


def readable_length(run: Run) -> int:
    """Tokens that the base model can read at most; the setting's own limit where the model is gone."""
    try:
        return min(MAX_TEXT_LENGTH, base_model((run.spec or {}).get("base_model", "")).context_length)
    except StudioError:
        return MAX_TEXT_LENGTH


def longer_text(run: Run) -> VerdictRemedy | None:
    """Twice the maximum length, or what the base model can read; None where that is read already."""
    length, present = readable_length(run), int(_setting(run, "max_length"))
    if present >= length:
        return None
    if 2 * present <= length:
        return VerdictRemedy(_("New run with twice the length"), {"max_length": 2 * present})
    return VerdictRemedy(
        _("New run with all {length} tokens that the model can read", length=length), {"max_length": length}
    )


def smaller_batches(run: Run) -> VerdictRemedy | None:
    """Half the batch size; None for a batch of one row."""
    rows = int(_setting(run, "batch_size")) // 2
    return _batch_size(rows) if rows else None


def larger_batches(run: Run) -> VerdictRemedy | None:
    """Twice the batch size; None if it is not known."""
    rows = ((run.spec or {}).get("training") or {}).get("batch_size")
    return _batch_size(2 * rows) if rows else None


def _batch_size(rows: int) -> VerdictRemedy:
    return VerdictRemedy(_("New run with batch size {rows}", rows=rows), {"batch_size": rows})


def _epochs(wanted: float) -> VerdictRemedy:
    return VerdictRemedy(
        _("New run with 1 epoch") if wanted == 1 else _("New run with {wanted} epochs", wanted=f"{wanted:g}"),
        {"epochs": wanted},
    )


def _setting(run: Run, name: str) -> float:
    given = ((run.spec or {}).get("training") or {}).get(name)
    return float(given if given is not None else getattr(DEFAULTS, name))
