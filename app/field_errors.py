"""Turns pydantic's complaints about fields into one refusal that names each field, its value and what is allowed."""

from collections.abc import Sequence
from typing import Any

from app.errors import Rejected
from app.languages import gettext as _

# pydantic's error types -> the stable words that programs match on; everything else is a wrong type or form.
_CODES = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "literal_error": "unknown_choice",
    "enum": "unknown_choice",
    "union_tag_invalid": "unknown_choice",
    "union_tag_not_found": "missing_field",
    "json_invalid": "json",
    "json_type": "json",
}
_RANGE = ("greater_than", "less_than", "too_long", "too_short", "multiple_of", "finite_number", "string_pattern")
_SENTENCES = {
    "unknown_field": "is not a known field",
    "missing_field": "is missing",
}
_HINTS = {
    "unknown_field": "Remove it; GET /api/v1/catalog lists every setting there is.",
    "missing_field": "Add it and send the request again.",
    "json": "Send valid JSON with the header `Content-Type: application/json`.",
}
_PLACES = ("body", "query", "path", "header")


def field_refusal(errors: Sequence[Any]) -> Rejected:
    """The refusal for pydantic's ``errors()``; its code is that of the first complaint.

    Returns:
        ``Rejected`` whose ``details["fields"]`` is ``{field: what is wrong}``; status 400 if the body is not JSON.
    """
    first = errors[0]
    code = _code(first["type"])
    name = _name(first["loc"])
    if code == "json":
        return Rejected(
            "json", _("The request body is not valid JSON: {msg}.", msg=first["msg"]), _HINTS["json"], status=400
        )
    complaint = _SENTENCES.get(code) or _(
        "is {shown}: {sentence}", shown=_shown(first.get("input")), sentence=_sentence(first["msg"])
    )
    return Rejected(
        code,
        _("The field {name} {complaint}.", name=repr(name), complaint=complaint),
        _HINTS.get(code, "Correct the value; GET /api/v1/catalog shows what each setting allows."),
        details={"fields": {_name(error["loc"]): error["msg"] for error in errors[:50]}},
    )


def _code(kind: str) -> str:
    if kind.startswith(_RANGE) or kind.endswith(_RANGE):
        return "range"
    return _CODES.get(kind, "wrong_type")


def _name(location: Sequence[Any]) -> str:
    parts = [str(part) for part in location]
    inner = parts[1:] if parts and parts[0] in _PLACES else parts
    return ".".join(inner) or "body"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:]
