"""Labels that the other rows contradict: start the search, watch it, decide about each of the most doubtful."""

from collections.abc import Mapping
from typing import Any

from app.intervals import wilson
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import ACTIVE_STATES, Dataset, DatasetVersion
from app.services.datasets import label_reviews
from app.services.datasets.label_reviews import SHOWN
from app.services.datasets.label_verdicts import CORRECTED, KEPT
from studio_ui.components.nodes import Node, action, banner, choice, el
from studio_ui.components.view import Content
from studio_ui.formats import counted, percent
from studio_ui.pages.datasets.place import NEEDS, permits_of, shown_dataset

SECONDS_BETWEEN_LOOKS = 1.5
# The parameter of the address that says how many suspects come before those that are shown.
PLACE = "suspects"
# Below this share of mistakes it is said that a further search hardly pays.
FEW = 0.2
PURPOSE = gettext_noop(
    "Label review: leave-one-out predictions on the base model's sentence vectors show where the other rows are sure of "
    "another label. It changes nothing; you decide about each."
)


def suspects(user_id: str, query: Mapping[str, str], decided: Mapping[int, str] | None = None) -> Content:
    """The state of the search and what it found. ``decided`` is what a person said about a row, in words."""
    shown = shown_dataset(user_id, query)
    if shown is None or "label" not in shown[1].columns:
        return Content("")
    dataset, version = shown
    found = label_reviews.latest(user_id, dataset.id, version.number, offset=_offset(query))
    working = found["state"] in ACTIVE_STATES
    nodes = el(
        "section",
        el("h3", _("Labels worth a second look")),
        el("div", _state(dataset, version, {**found, "offset": _offset(query)}, decided or {}), aria_live="polite"),
        cls="report-part",
        id="report-suspects",
    )
    closed = permits_of(user_id, dataset).close(nodes, NEEDS)
    return Content(closed, SECONDS_BETWEEN_LOOKS if working else None)


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
    note = (
        banner("error", error["message"], error["hint"], error["code"]) if error else el("p", _(PURPOSE), cls="muted")
    )
    words = _("Try again") if error else _("Look for doubtful labels")
    return [note, action(words, "review", dataset.id, cls="button small", id="suspects-start")]


def _offset(query: Mapping[str, str]) -> int:
    """How many of the suspects are before those that the address asks for."""
    given = query.get(PLACE, "")
    return int(given) // SHOWN * SHOWN if given.isdigit() and len(given) < 6 else 0


def _found(
    dataset: Dataset, version: DatasetVersion, found: Mapping[str, Any], decided: Mapping[int, str]
) -> list[Node]:
    rows = counted(found["rows"], "row")
    if not found["doubtful"]:
        return [banner("good", _("No label is doubtful: in all {rows} the others agree.", rows=rows))]
    items = [_suspect(version, suspect, decided.get(suspect["row_id"], "")) for suspect in found["suspects"]]
    return [
        el("p", _agreement(found, rows)),
        el("p", _precision(found), cls="muted", id="suspects-precision"),
        el("ul", items, cls="suspects"),
        *_pages(found),
    ]


def _agreement(found: Mapping[str, Any], rows: str) -> str:
    doubtful = counted(found["doubtful"], "label")
    if found["agreement"] is None:
        return _("{doubtful} of {rows} are worth a second look, the most doubtful first.", doubtful=doubtful, rows=rows)
    return _(
        "The other rows foretell {share} of all labels as they are, and are sure of another one for {doubtful} of {rows}. "
        "Such labels are worth a look; they need not be wrong.",
        share=percent(found["agreement"]),
        doubtful=doubtful,
        rows=rows,
    )


def _precision(found: Mapping[str, Any]) -> str:
    """What the person's own verdicts say about how often a doubt is right."""
    kept, corrected = found["verdicts"]["kept"], found["verdicts"]["corrected"]
    if not kept + corrected:
        return _("How many of them are wrong is known only from your verdicts: look at the first ones and see.")
    low, high = wilson(corrected / (kept + corrected), kept + corrected)
    seen = _(
        "Of {number} that you decided about you corrected {corrected} and kept {kept}.",
        number=kept + corrected,
        corrected=corrected,
        kept=kept,
    )
    likely = _("So between {low} and {high} of such doubts are likely mistakes.", low=percent(low), high=percent(high))
    few = _("Those that follow are less doubtful; hardly any is worth your time.") if high < FEW else ""
    return " ".join(words for words in (seen, likely, few) if words)


def _pages(found: Mapping[str, Any]) -> list[Node]:
    """The place in the list, and buttons to the suspects before and after."""
    first, remaining = found["offset"], found["remaining"]
    if remaining <= SHOWN and not first:
        return []
    last = first + len(found["suspects"])
    words = _("{first} to {last} of {remaining}", first=min(first + 1, last), last=last, remaining=remaining)
    before = {PLACE: str(first - SHOWN) if first > SHOWN else None}
    buttons = [
        choice(_("Previous"), before, cls="button small", disabled=not first),
        choice(_("Next"), {PLACE: str(first + SHOWN)}, cls="button small", disabled=last >= remaining),
    ]
    return [el("div", el("span", words, cls="muted"), buttons, cls="actions", id="suspects-pages")]


def _suspect(version: DatasetVersion, suspect: Mapping[str, Any], state: str) -> Node:
    column, cells = version.columns["label"], suspect["cells"]
    text = " · ".join(str(cells.get(name) or "") for role, name in version.columns.items() if role != "label")
    about = {"row_id": suspect["row_id"], "column": column, "before": cells.get(column)}
    change = action(
        _("Change to {suggested}", suggested=suspect["suggested"]),
        "relabel",
        {**about, "value": suspect["suggested"], "verdict": CORRECTED},
        cls="button small",
        aria_label=_(
            "Change the label of line {line} to {suggested}", line=suspect["line"], suggested=suspect["suggested"]
        ),
    )
    keep = action(
        _("Keep"),
        "keep",
        {**about, "value": cells.get(column) or "", "verdict": KEPT},
        cls="button small",
        aria_label=_("Keep the label of line {line}", line=suspect["line"]),
    )
    caption = el(
        "span", _("labelled "), el("strong", suspect["given"]), _(", predicted "), el("strong", suspect["suggested"])
    )
    return el(
        "li",
        el("p", el("span", _("line {line}: ", line=suspect["line"]), cls="muted"), text, cls="suspect-text"),
        el(
            "div",
            caption,
            change,
            keep,
            el("span", state, cls="muted small", role="status"),
            cls="actions suspect-actions",
        ),
        data_row=str(suspect["row_id"]),
        id=f"suspect-{suspect['row_id']}",
    )
