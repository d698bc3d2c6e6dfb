"""Settings of runs as one table: group, title, value per run, which differ and which were changed from the default.

Titles and defaults come from the catalog's declarations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticUndefined

from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings
from app.languages import gettext as _
from app.languages import gettext_noop

View = Mapping[str, Any]

GROUPS = ("Data", "Model", "Method", "Training")


@dataclass(frozen=True)
class SettingRow:
    """One setting of several runs.

    Attributes:
        values: run id -> value; a run that does not have the setting (another method's) is missing.
        changed: run id -> whether the value is not the default.
    """

    key: str
    group: str
    title: str
    values: dict[str, Any]
    changed: dict[str, bool]
    differs: bool


@dataclass(frozen=True)
class _Setting:
    group: str
    key: str
    title: str
    value: Any
    default: Any = PydanticUndefined


def settings_table(views: Sequence[View]) -> list[SettingRow]:
    """One row per setting; long lists such as the label set are given by their length."""
    values: dict[tuple[str, str, str], dict[str, Any]] = {}
    changed: dict[tuple[str, str, str], dict[str, bool]] = {}
    for view in views:
        for setting in _settings(view):
            entry = (setting.group, setting.key, setting.title)
            values.setdefault(entry, {})[view["id"]] = setting.value
            is_changed = setting.default is not PydanticUndefined and setting.value != setting.default
            changed.setdefault(entry, {})[view["id"]] = is_changed
    return [
        SettingRow(key, group, title, found, changed[group, key, title], _differs(found, len(views)))
        for (group, key, title), found in sorted(values.items(), key=lambda item: GROUPS.index(item[0][0]))
    ]


def _settings(view: View) -> list[_Setting]:
    spec, dataset = view["spec"], view.get("dataset") or {}
    kind = spec["method"]["kind"]
    found = [
        _Setting(
            gettext_noop("Data"),
            "dataset",
            gettext_noop("Data set"),
            f"{dataset.get('name', '')} @ {dataset.get('version', '')}",
        ),
        _Setting(
            gettext_noop("Data"), "fingerprint", gettext_noop("Fingerprint (SHA-256)"), spec.get("dataset_sha256", "")
        ),
        _Setting(gettext_noop("Data"), "task_type", gettext_noop("Goal"), spec["task_type"]),
        *(
            _Setting(gettext_noop("Data"), f"columns.{role}", _("Column: {role}", role=role), name)
            for role, name in spec["columns"].items()
        ),
        _Setting(gettext_noop("Data"), "labels", gettext_noop("Labels"), len(spec.get("labels", ()))),
        _Setting(gettext_noop("Model"), "base_model", gettext_noop("Base model"), spec["base_model"]),
        _Setting(gettext_noop("Method"), "method.kind", gettext_noop("Method"), kind),
    ]
    for group, given, fields in (
        (gettext_noop("Method"), spec["method"], method_class(kind).model_fields),
        (gettext_noop("Training"), spec["training"], TrainingSettings.model_fields),
    ):
        for key, value in given.items():
            if key != "kind":
                found.append(_described(group, key, value, fields.get(key)))
    return found


def _described(group: str, key: str, value: Any, field: Any) -> _Setting:
    full_key = f"{group.lower()}.{key}"
    if field is None:
        return _Setting(group, full_key, key, value)
    default = field.get_default(call_default_factory=True)
    # Stored settings went through JSON, which turns tuples into lists.
    return _Setting(
        group, full_key, field.title or key, value, list(default) if isinstance(default, tuple) else default
    )


def _differs(values: Mapping[str, Any], count: int) -> bool:
    return len(values) < count or any(value != next(iter(values.values())) for value in values.values())
