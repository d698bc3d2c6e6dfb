"""The declaration of a method as ``GET /api/v1/catalog`` and the method step of a new run show it."""

from typing import Any

from app.catalog.methods.base import Method, PeftMethod
from app.catalog.methods.capabilities import ABILITIES, can
from app.catalog.methods.requirements import refusals


def method_card(method: type[Method]) -> dict[str, Any]:
    """Words, capabilities, refusals and the JSON schema of the settings."""
    return {
        "kind": method.model_fields["kind"].default,
        "title": method.title,
        "summary": method.summary,
        "when": method.when,
        "against": method.against,
        "source": method.source,
        "level": method.level,
        "task_types": list(method.task_types),
        "capabilities": {
            **{ability: can(method, ability) for ability in ABILITIES},
            "models": list(method.capabilities.models),
        },
        "refusals": refusals(method),
        "brings": f"{method.tuner}.py" if issubclass(method, PeftMethod) and method.tuner else "",
        "schema": _settings_schema(method),
    }


def _settings_schema(method: type[Method]) -> dict[str, Any]:
    """The JSON schema with a method's own settings before those it shares with others."""
    schema = method.model_json_schema()
    own = [name for name in method.__annotations__ if name in schema["properties"]]
    order = [*own, *(name for name in schema["properties"] if name not in own)]
    return {**schema, "properties": {name: schema["properties"][name] for name in order}}
