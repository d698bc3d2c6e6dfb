"""Whether the rows of a dataset version can be cross-validated."""

from collections.abc import Mapping
from typing import Any

from app import storage
from app.catalog.task_types import task_type
from app.catalog.training import TrainingSettings
from app.errors import Conflict, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.profiling.split_plans import TIME
from app.services.profiling.splits import SPLITS

SETTING = "cross_validation_folds"
# Different texts for each fold: of one alone nothing would be left to stratify.
GROUPS_PER_FOLD = 2


def check(version: DatasetVersion, folds: int, task: str | None = None) -> None:
    """Refuse folds that these rows cannot have.

    Args:
        task: kind of the run's task; that of the version if left out.

    Raises:
        Rejected: ``no_cross_validation``, with the reason.
    """
    if folds and (reason := obstacle(version, folds, task or version.task_type)):
        raise Rejected(
            "no_cross_validation",
            reason[0],
            reason[1],
            details={"fields": {f"training.{SETTING}": f"{reason[0]} {reason[1]}"}},
        )


def refuse_more(spec: Mapping[str, Any]) -> None:
    """Refuse to train the model of a cross-validated run further: what the folds found would not hold for it.

    Raises:
        Conflict: the run was cross-validated.
    """
    if spec["training"].get(SETTING):
        raise Conflict(
            "cross_validated",
            _("This run was cross-validated; with more passes its scores would not be those of its model."),
            _("Clone it and ask for more epochs; its folds are then trained as long."),
        )


def obstacle(version: DatasetVersion, folds: int, task: str) -> tuple[str, str] | None:
    """Why these rows cannot have folds, and what to do."""
    off = _("Set it to 0; the test split is used then.")
    families = _families()
    if task_type(task).family not in families:
        return _("The task {task} has no cross-validation.", task=repr(task)), off
    path = storage.dataset_dir(version.id) / "splits.json"
    splits = storage.read_json(path) if path.exists() else {}
    if splits.get("own_test"):
        return _("The data has an evaluation file of its own, whose rows are never learned from."), off
    if splits.get("plan", {}).get("how") == TIME:
        return _("The rows are split by time; folds would learn from what came later."), off
    if splits.get("kept_together") is None:
        return (
            _("It is not stored which of these rows must stay together."),
            _("Split the rows again on the Data page, or set it to 0."),
        )
    rows = sum(len(splits[name]) for name in SPLITS)
    groups = rows - sum(len(ids) - 1 for ids in splits["kept_together"])
    if groups < GROUPS_PER_FOLD * folds:
        return (
            _(
                "{folds} folds need {needed} different texts, and there are {groups}.",
                folds=folds,
                needed=decimal(GROUPS_PER_FOLD * folds),
                groups=decimal(groups),
            ),
            _("Choose fewer folds, or add rows."),
        )
    return None


def _families() -> list[str]:
    extra: Any = TrainingSettings.model_fields[SETTING].json_schema_extra
    families: list[str] = extra["families"]
    return families
