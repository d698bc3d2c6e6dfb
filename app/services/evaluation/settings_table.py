"""Settings of runs as one table: group, title, value per run, which differ and which were changed from the default.

Pure; reads the catalog's declarations for titles and defaults.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticUndefined

from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings

View = Mapping[str, Any]
Entry = tuple[str, str, str]  # group, key, title

GROUPS = ("Data", "Model", "Method", "Training")


def settings_table(views: Sequence[View]) -> list[dict[str, Any]]:
    """Rows ``{"key", "group", "title", "values": {run: value}, "changed": {run: bool}, "differs"}``.

    A run that does not have a setting (another method's) is missing from ``values``. Long lists such as the label set
    are given by their length.
    """
    rows: dict[Entry, dict[str, Any]] = {}
    for view in views:
        for group, key, title, value, default in _settings(view):
            row = rows.setdefault((group, key, title), {"values": {}, "changed": {}})
            row["values"][view["id"]] = value
            row["changed"][view["id"]] = default is not PydanticUndefined and value != default
    ordered = sorted(rows, key=lambda entry: GROUPS.index(entry[0]))
    return [
        {
            "key": key,
            "group": group,
            "title": title,
            **rows[group, key, title],
            "differs": _differs(rows[group, key, title]["values"], len(views)),
        }
        for group, key, title in ordered
    ]


def _settings(view: View) -> list[tuple[str, str, str, Any, Any]]:
    spec, dataset = view["spec"], view.get("dataset") or {}
    unset = PydanticUndefined
    found = [
        ("Data", "dataset", "Data set", f"{dataset.get('name', '')} @ {dataset.get('version', '')}", unset),
        ("Data", "fingerprint", "Fingerprint (SHA-256)", spec.get("dataset_sha256", ""), unset),
        ("Data", "task_type", "Goal", spec["task_type"], unset),
        *(("Data", f"columns.{role}", f"Column: {role}", name, unset) for role, name in spec["columns"].items()),
        ("Data", "labels", "Labels", len(spec.get("labels", ())), unset),
        ("Model", "base_model", "Base model", spec["base_model"], unset),
        ("Method", "method.kind", "Method", spec["method"]["kind"], unset),
    ]
    fields = method_class(spec["method"]["kind"]).model_fields
    for key, value in spec["method"].items():
        if key != "kind":
            found.append(("Method", f"method.{key}", *_described(fields, key, value)))
    for key, value in spec["training"].items():
        found.append(("Training", f"training.{key}", *_described(TrainingSettings.model_fields, key, value)))
    return found


def _described(fields: Mapping[str, Any], key: str, value: Any) -> tuple[str, Any, Any]:
    field = fields.get(key)
    if field is None:
        return key, value, PydanticUndefined
    default = field.get_default(call_default_factory=True)
    # Stored settings went through JSON, which knows no tuples.
    return field.title or key, value, list(default) if isinstance(default, tuple) else default


def _differs(values: Mapping[str, Any], count: int) -> bool:
    return len(values) < count or any(value != next(iter(values.values())) for value in values.values())
