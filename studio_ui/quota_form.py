"""The form in which administrators limit a person or a project, with what is used of each limit."""

import math
from collections.abc import Mapping
from typing import Any

from app.errors import Rejected
from app.languages import gettext as _
from app.languages import gettext_noop, localized
from app.services.accounts.quotas import GIGABYTE, HeldQuota, QuotaBounds, bytes_of
from studio_ui.components.nodes import Node, choice, el, facts, form
from studio_ui.formats import byte_size, count
from studio_ui.quota_words import usage_facts

# The parameter of the address that says whose limits are shown.
QUOTA = "quota"
UNITS = {"runs": gettext_noop("runs"), "hours": gettext_noop("hours"), "gigabytes": gettext_noop("GB")}
FIELDS = tuple(UNITS)


def quota_button(holder_id: str, name: str) -> Node:
    """A button that opens the form for a person or project."""
    return choice(_("Quota …"), {QUOTA: holder_id}, cls="button small", aria_label=_("Quota of {name} …", name=name))


def quota_form(held: HeldQuota) -> Node:
    """The fields as they are set; its action is ``quota`` with ``holder`` and a text per field of :data:`FIELDS`."""
    bounds, defaults = held.bounds, held.defaults
    gigabytes = None if bounds.max_bytes is None else bounds.max_bytes / GIGABYTE
    labels = (_("Runs waiting or working"), _("GPU hours in seven days"), _("GB on disk: data, checkpoints, downloads"))
    values = (bounds.max_runs, bounds.max_hours, gigabytes)
    usual = (count(defaults[0]), localized(f"{defaults[1]:g}"), byte_size(defaults[2]))
    fields = [
        _field(name, label, value, shown if default else "")
        for name, label, value, shown, default in zip(FIELDS, labels, values, usual, defaults, strict=True)
    ]
    buttons = el(
        "div",
        el("button", _("Save the quota"), type="submit", cls="button primary"),
        choice(_("Close"), {QUOTA: None}),
        cls="actions",
    )
    holder = el("input", type="hidden", name="holder", value=held.id)
    return el(
        "section",
        el("h2", _("Quota of {name}", name=held.name)),
        facts(usage_facts(held.usage)),
        form("quota", [holder, *fields, buttons], cls="quota-fields"),
        cls="card",
        id="quota-form",
    )


def _field(name: str, label: str, value: float | None, default: str) -> Node:
    empty = _("Empty: the studio's setting, {most}. 0: no limit.", most=default) if default else _("Empty: no limit.")
    shown = "" if value is None else f"{value:g}"
    box = el("input", type="number", id=f"quota-{name}", name=name, min="0", step="any", value=shown)
    return el("div", el("label", label, for_=f"quota-{name}"), box, el("p", empty, cls="muted small"), cls="field")


def read_bounds(values: Mapping[str, Any]) -> QuotaBounds:
    """The limits that the fields say.

    Raises:
        Rejected: a field holds no number, or more gigabytes than a quota may have.
    """
    runs, hours, gigabytes = (_number(name, str(values.get(name) or "").strip()) for name in FIELDS)
    most_bytes = None if gigabytes is None else bytes_of(gigabytes)
    return QuotaBounds(None if runs is None else int(runs), hours, most_bytes)


def _number(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (name == "runs" and number != int(number)):
        refused = _("{value} is no number of {name}.", value=repr(text[:40]), name=_(UNITS[name]))
        raise Rejected("quota", refused, _("Give a number, or leave the field empty."))
    return number


def bounds_words(bounds: QuotaBounds) -> str:
    """What was set, in words."""
    parts = []
    if bounds.max_runs is not None:
        parts.append(_("{number} runs", number=count(bounds.max_runs)))
    if bounds.max_hours is not None:
        parts.append(_("{hours} GPU hours", hours=localized(f"{bounds.max_hours:g}")))
    if bounds.max_bytes is not None:
        parts.append(byte_size(bounds.max_bytes))
    return ", ".join(parts) or _("none")
