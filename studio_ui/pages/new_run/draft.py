"""What a person has chosen for a new run, what the studio recommends, and what is still missing. Knows no component."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from app.catalog.base_models import base_models
from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.base import Method
from app.catalog.methods.cards import method_card
from app.catalog.presets import PRESETS, Preset
from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.base import TaskType
from app.catalog.training import TrainingSettings
from app.errors import StudioError
from app.languages import current_language
from app.languages import gettext as _
from app.models import Dataset, DatasetVersion
from app.services.datasets import datasets
from app.services.datasets.row_errors import undecided
from app.services.datasets.version_lengths import default_length
from app.services.runs import cross_validation_offers, runs
from app.services.runs.cross_validation import SETTING
from app.services.runs.cross_validation_offers import CrossValidationOffer
from app.services.runs.recommendation import recommend_method
from app.services.runs.run_specs import max_text_tokens
from studio_ui.formats import count
from studio_ui.run_words import method_words

Overrides = dict[str, dict[str, Any]]
PREFIX = "training."


@dataclass(frozen=True)
class Draft:
    """The choices of one new run; ``method`` and ``training`` are the settings that differ from the defaults."""

    dataset_id: str
    task_type: str
    base_model: str
    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    method: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON for the session of the browser and for the cards' server functions."""
        return asdict(self)

    @property
    def spec(self) -> dict[str, Any]:
        """The method as services take it."""
        return {"kind": self.kind, **self.method}


def stored_draft(text: Any) -> Draft | None:
    """The draft that the browser has kept; None if there is none or it is not one of ours."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
        dataset_id, task_type, base_model, kind = (
            str(found[name]) for name in ("dataset_id", "task_type", "base_model", "kind")
        )
        columns, method, training = (dict(found[name]) for name in ("columns", "method", "training"))
        return Draft(dataset_id, task_type, base_model, kind, columns, method, training, str(found["name"])[:200])
    except (ValueError, KeyError, TypeError):
        return None


def recommended(user_id: str, dataset: Dataset) -> Draft:
    """The whole run as the studio would set it up."""
    version = datasets.latest_version(dataset)
    task = task_of(version.task_type)
    draft = Draft(
        dataset.id,
        task.kind,
        models_for(task.kind)[0].name if models_for(task.kind) else "",
        methods_for(task.kind)[0],
        columns=dict(version.columns),
    )
    return with_folds(with_advice(draft, ranked(user_id, draft)["ranked"]), version)


def with_folds(draft: Draft, version: DatasetVersion) -> Draft:
    """The draft with cross-validation where the test split tells little and folds are cheap."""
    offered = folds_offer(draft, version)
    return replace(draft, training={**draft.training, SETTING: offered.folds}) if offered and offered.cheap else draft


def folds_offer(draft: Draft, version: DatasetVersion) -> CrossValidationOffer | None:
    """What cross-validation would bring and cost for this draft; None where it is not needed or not possible."""
    if not draft.base_model or draft.task_type != version.task_type:
        return None
    return cross_validation_offers.offer(
        version, base_model=draft.base_model, method=draft.spec, training=draft.training
    )


def with_advice(draft: Draft, ranking: list[dict[str, Any]]) -> Draft:
    """The draft with the method that is recommended first."""
    return replace(draft, kind=ranking[0]["kind"], method=dict(ranking[0]["settings"])) if ranking else draft


def cloned(user_id: str, run_id: str) -> Draft:
    """The settings of a run, for another one."""
    settings = runs.clone_settings(user_id, run_id)
    method = dict(settings["method"])
    return Draft(
        settings["dataset_id"],
        settings["task_type"],
        settings["base_model"],
        str(method.pop("kind")),
        columns=dict(settings["columns"]),
        method=method,
        training=dict(settings["training"]),
    )


def ranked(user_id: str, draft: Draft) -> dict[str, Any]:
    """The methods in the order in which to try them; without advice the order of the menu stands."""
    try:
        return recommend_method(user_id, draft.dataset_id, draft.base_model, task_type=draft.task_type)
    except StudioError:
        return {"ranked": [], "before": []}


def asked(draft: Draft, query: Mapping[str, str]) -> Draft:
    """The draft with model, method and training settings that the address names, where they serve the goal."""
    if query.get("model") in [model.name for model in models_for(draft.task_type)]:
        draft = replace(draft, base_model=query["model"])
    if query.get("method") in methods_for(draft.task_type):
        draft = replace(draft, kind=query["method"], method={})
    known = TrainingSettings.model_fields
    wanted = {key[len(PREFIX) :]: value for key, value in query.items() if key.startswith(PREFIX)}
    settings = {name: _number_or_text(value) for name, value in wanted.items() if name in known}
    return replace(draft, training={**draft.training, **settings})


def _number_or_text(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number == int(number) else number


def with_task(draft: Draft, task: str, version: DatasetVersion) -> Draft:
    """The draft for another goal: columns, model and method stay where they serve it."""
    models = [model.name for model in models_for(task)]
    kinds = methods_for(task)
    kind = draft.kind if draft.kind in kinds else kinds[0]
    return replace(
        draft,
        task_type=task,
        columns=dict(version.columns) if task == version.task_type else {},
        base_model=draft.base_model if draft.base_model in models else (models[0] if models else ""),
        kind=kind,
        method=draft.method if kind == draft.kind else {},
    )


def task_of(kind: str) -> TaskType:
    """The task type, or the first of the menu for one that is unknown."""
    return next((task for task in TASK_TYPES if task.kind == kind), TASK_TYPES[0])


def models_for(task: str) -> list[BaseModelCard]:
    """The base models of this machine that serve a goal."""
    return [model for model in base_models() if task in model.task_types]


def model_of(name: str) -> BaseModelCard | None:
    """The base model, None if it was removed."""
    return next((model for model in base_models() if model.name == name), None)


def methods_for(task: str) -> list[str]:
    """The kinds of methods that serve a goal, in the order of the menu."""
    return [kind for kind, method in METHOD_BY_KIND.items() if task in method.task_types]


METHOD_BY_KIND: dict[str, type[Method]] = {str(method.model_fields["kind"].default): method for method in METHODS}


def card_of(kind: str) -> dict[str, Any]:
    """The declaration of a method; empty for one that is unknown."""
    return _card_in(current_language(), kind)


@cache
def _card_in(language: str, kind: str) -> dict[str, Any]:
    if kind not in METHOD_BY_KIND:
        return {"title": kind, "refusals": {}}
    return method_words(method_card(METHOD_BY_KIND[kind]))


@cache
def training_schemas() -> dict[str, dict[str, Any]]:
    """Kind of a task type -> schema of the training settings that it has."""
    schema = TrainingSettings.model_json_schema()
    return {task.kind: {**schema, "properties": _of_task(schema["properties"], task)} for task in TASK_TYPES}


def _of_task(properties: Mapping[str, Any], task: TaskType) -> dict[str, Any]:
    return {
        name: about
        for name, about in properties.items()
        if task.family in about.get("families", [task.family]) and task.kind in about.get("task_types", [task.kind])
    }


def training_overrides(draft: Draft, version: DatasetVersion) -> Overrides:
    """Defaults of the task, and the length of texts that the data needs, with its reason."""
    found: Overrides = {name: {"default": value} for name, value in task_of(draft.task_type).training_defaults.items()}
    model = model_of(draft.base_model)
    if model is not None:
        schema = training_schemas()[task_of(draft.task_type).kind]["properties"]["max_length"]
        chosen = default_length(version, model.name, max_text_tokens(model, draft.spec))
        found["max_length"] = {
            "default": chosen.tokens,
            "most": min(schema["maximum"], model.context_length),
            "help": " ".join(filter(None, (_(schema["description"]), chosen.reason))),
        }
    return found


def preset_of(training: Mapping[str, Any]) -> Preset | None:
    """The preset with exactly these changes of the training settings, if there is one; folds follow the data, not a preset."""
    changes = {name: value for name, value in training.items() if name != SETTING}
    return next((preset for preset in PRESETS if dict(preset.training) == changes), None)


def lacking(draft: Draft, version: DatasetVersion) -> list[str]:
    """What keeps the run from starting, in words, as far as choices and data say it."""
    task = task_of(draft.task_type)
    found = [
        _("a column for “{role}”", role=role.title)
        for role in task.roles
        if role.required and not draft.columns.get(role.name)
    ]
    if not draft.base_model:
        found.append(_("a base model"))
    if not draft.kind:
        found.append(_("a method"))
    number = undecided(version)
    if number:
        found.append(
            _(
                "a decision about {value}",
                value=_("1 row with an error") if number == 1 else _("{amount} rows with errors", amount=count(number)),
            )
        )
    if version.report["status"] == "rejected":
        found.append(_("data that can be trained on (see its report)"))
    return found
