"""Labels that the other rows contradict: start the search, watch it, decide about each of the most doubtful."""

from collections.abc import Mapping
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import ACTIVE_STATES, Dataset, DatasetVersion
from app.services.datasets import label_reviews
from studio_ui.components.nodes import Node, action, banner, el
from studio_ui.components.view import Content
from studio_ui.formats import counted
from studio_ui.pages.datasets.place import shown_dataset

SECONDS_BETWEEN_LOOKS = 1.5
PURPOSE = gettext_noop(
    "Label review: leave-one-out predictions on the base model's sentence vectors show where the other rows contradict a "
    "label. It changes nothing; you decide about each."
)


def suspects(user_id: str, query: Mapping[str, str], decided: Mapping[int, str] | None = None) -> Content:
    """The state of the search and what it found. ``decided`` is what a person said about a row, in words."""
    shown = shown_dataset(user_id, query)
    if shown is None or "label" not in shown[1].columns:
        return Content("")
    dataset, version = shown
    found = label_reviews.latest(user_id, dataset.id, version.number)
    working = found["state"] in ACTIVE_STATES
    nodes = el(
        "section",
        el("h3", _("Labels worth a second look")),
        el("div", _state(dataset, version, found, decided or {}), aria_live="polite"),
        cls="report-part",
        id="report-suspects",
    )
    return Content(nodes, SECONDS_BETWEEN_LOOKS if working else None)


def _state(
    dataset: Dataset, version: DatasetVersion, found: Mapping[str, Any], decided: Mapping[int, str]
) -> list[Node]:
    if found["state"] in ACTIVE_STATES:
        return [
            el("p", f"{_(found['phase'])}…", cls="muted"),
            el("progress", aria_label=_("Search for doubtful labels")),
        ]
    if found["state"] == "succeeded":
        return _found(dataset, version, found, decided)
    error = found.get("error") if found["state"] == "failed" else None
    told = (
        banner("error", error["message"], error["hint"], error["code"]) if error else el("p", _(PURPOSE), cls="muted")
    )
    words = _("Try again") if error else _("Look for doubtful labels")
    return [told, action(words, "review", dataset.id, cls="button small", id="suspects-start")]


def _found(
    dataset: Dataset, version: DatasetVersion, found: Mapping[str, Any], decided: Mapping[int, str]
) -> list[Node]:
    if not found["suspects"]:
        rows = counted(found["rows"], "row")
        return [banner("good", _("No label is doubtful: in all {rows} the others agree.", rows=rows))]
    words = _(
        "In {doubtful} of {rows} the other rows contradict the label. These are the most doubtful; most, not all of such rows are usually mistakes.",
        doubtful=counted(found["doubtful"], "row"),
        rows=counted(found["rows"], "row"),
    )
    items = [_suspect(version, each, decided.get(each["row_id"], "")) for each in found["suspects"]]
    return [el("p", words), el("ul", items, cls="suspects")]


def _suspect(version: DatasetVersion, suspect: Mapping[str, Any], state: str) -> Node:
    column, cells = version.columns["label"], suspect["cells"]
    text = " · ".join(str(cells.get(name) or "") for role, name in version.columns.items() if role != "label")
    about = {"row_id": suspect["row_id"], "column": column, "before": cells.get(column)}
    change = action(
        _("Change to {suggested}", suggested=suspect["suggested"]),
        "relabel",
        {**about, "value": suspect["suggested"]},
        cls="button small",
        aria_label=_(
            "Change the label of line {line} to {suggested}", line=suspect["line"], suggested=suspect["suggested"]
        ),
    )
    keep = action(
        _("Keep"),
        "keep",
        {**about, "value": cells.get(column) or ""},
        cls="button small",
        aria_label=_("Keep the label of line {line}", line=suspect["line"]),
    )
    said = el(
        "span", _("labelled "), el("strong", suspect["given"]), _(", predicted "), el("strong", suspect["suggested"])
    )
    return el(
        "li",
        el("p", el("span", _("line {line}: ", line=suspect["line"]), cls="muted"), text, cls="suspect-text"),
        el(
            "div",
            said,
            change,
            keep,
            el("span", state, cls="muted small", role="status"),
            cls="actions suspect-actions",
        ),
        data_row=str(suspect["row_id"]),
        id=f"suspect-{suspect['row_id']}",
    )
