"""Builds the validated, frozen :class:`RunSpec` of a run from a dataset version and what a person has chosen."""

from typing import Any

from pydantic import ValidationError

from app.catalog.base_models import base_model as find_base_model
from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS, method_class
from app.catalog.methods.requirements import require
from app.catalog.spec import RunSpec, check_fit
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.base import TaskType
from app.catalog.training import with_defaults
from app.errors import Rejected
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.datasets.version_lengths import default_length
from app.services.runs import cross_validation


def make_spec(
    version: DatasetVersion, *, base_model: str, task_type: str, method: dict[str, Any], training: dict[str, Any]
) -> RunSpec:
    """The spec of a run on this dataset version; missing training settings take the defaults of the task.

    Raises:
        Rejected: an unknown model, method, task or setting, a value out of bounds, or parts that do not fit together.
    """
    card, task = find_base_model(base_model), find_task_type(task_type)
    kind = str(method.get("kind", ""))
    _check_task(card, kind, task_type)
    if "layers" in method:
        require(method_class(kind), "layers", task_type=task_type, field="method.layers")
    values = {
        "task_type": task_type,
        "base_model": base_model,
        "columns": version.columns,
        "labels": task.output_names(version.labels, version.columns),
        "method": method,
        "training": complete_training(version, task, card, method, training),
        "dataset_sha256": version.content_sha256,
        "dataset_source": version.source,
    }
    try:
        spec = RunSpec.model_validate(values)
    except ValidationError as error:
        raise invalid_settings(error) from None
    check_fit(spec, card)
    cross_validation.check(version, spec.training.cross_validation_folds, task_type)
    return spec


def complete_training(
    version: DatasetVersion, task: TaskType, card: BaseModelCard, method: dict[str, Any], training: dict[str, Any]
) -> dict[str, Any]:
    """The settings that were given, over the defaults of the task and the length of texts that the data needs."""
    if "max_length" in training:
        return {**task.training_defaults, **training}
    length = default_length(version, card.name, max_text_tokens(card, method))
    return with_defaults(training, task.training_defaults, length.tokens)


def max_text_tokens(card: BaseModelCard, method: dict[str, Any]) -> int:
    """The longest text in tokens that the model reads after the virtual tokens that the method puts before it."""
    try:
        return card.context_length - method_class(str(method.get("kind", ""))).model_validate(method).virtual_tokens
    except ValidationError:
        # Refused later, together with every other setting that is out of bounds.
        return card.context_length


def invalid_settings(error: ValidationError) -> Rejected:
    """The refusal for settings that pydantic rejects; ``details.fields`` has a message for every one of them."""
    fields = {".".join(str(part) for part in entry["loc"]): entry["msg"] for entry in error.errors()}
    name, message = next(iter(fields.items()))
    unknown = any(entry["type"] == "extra_forbidden" for entry in error.errors())
    return Rejected(
        "unknown_field" if unknown else "range",
        _("The setting {name} is not acceptable: {words}.", name=repr(name), words=message),
        _("Correct the named settings; the form shows what each allows."),
        details={"fields": fields},
    )


def _check_task(card: BaseModelCard, kind: str, task_type: str) -> None:
    if task_type not in card.task_types:
        raise Rejected(
            "task_not_supported",
            _("{card} cannot be tuned for {task_type}.", card=repr(card.name), task_type=repr(task_type)),
            _("Choose one of its tasks: ") + ", ".join(card.task_types) + ".",
        )
    if task_type not in method_class(kind).task_types:
        supported = [method.model_fields["kind"].default for method in METHODS if task_type in method.task_types]
        raise Rejected(
            "method_not_supported",
            _("The method {kind} does not serve {task_type}.", kind=repr(kind), task_type=repr(task_type)),
            _("Choose one of: ") + ", ".join(supported) + ".",
        )
