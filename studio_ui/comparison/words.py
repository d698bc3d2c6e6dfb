"""Values, changes and verdicts of a comparison as people read them."""

import json
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.formats import byte_size, count, duration, figure, milliseconds, percent, points, signed

VERDICTS = {
    "better": ("▲", gettext_noop("better")),
    "worse": ("▼", gettext_noop("worse")),
    "same": ("=", gettext_noop("the same")),
    "unclear": ("≈", gettext_noop("cannot tell apart")),
}
_UNITS = {"share": percent, "bytes": byte_size, "seconds": duration, "milliseconds": milliseconds, "count": count}
_MISSING = object()


def value_words(unit: str, value: float) -> str:
    """A value in the words of its unit."""
    return _UNITS.get(unit, figure)(value)


def change_words(unit: str, change: float, against: float) -> str:
    """The change with its size relative to what it is held against, where that says more."""
    size = signed(change, points if unit == "share" else lambda value: value_words(unit, value))
    share = abs(change / against) if against else 0.0
    return f"{size} ({signed(change, lambda _: percent(share))})" if 0.001 <= share < 10 else size


def setting_words(values: dict[str, Any], run_id: str) -> str:
    """A run's setting; a dash where it does not have it."""
    value = values.get(run_id, _MISSING)
    if value is _MISSING:
        return "–"
    if value is None:
        return _("recommended")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def p_value_words(p_value: float) -> str:
    """ "p < 0.001" or "p = 0.02"."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
