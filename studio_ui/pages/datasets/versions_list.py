"""The versions of a dataset: who changed what and when, every difference, back to any of them, downloads."""

from collections.abc import Mapping
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.models import Dataset, DatasetVersion
from app.services.datasets import versions
from app.services.datasets.versions import VersionDescription
from studio_ui.components.nodes import Node, action, el, moment
from studio_ui.formats import count, counted
from studio_ui.pages.datasets.place import NEEDS, permits_of, shown_dataset

FORMATS = (("csv", "CSV"), ("jsonl", "JSON Lines"), ("parquet", "Parquet"))
KINDS = {
    "edited": gettext_noop("changed"),
    "added": gettext_noop("added"),
    "deleted": gettext_noop("deleted"),
    "excluded": gettext_noop("left out"),
    "included": gettext_noop("brought back"),
}
DIFFERENCES_PER_STEP = 100


def version_list(user_id: str, query: Mapping[str, str], opened: Mapping[str, int] | None = None) -> Node:
    """All versions behind a disclosure. ``opened`` is ``{"number", "until"}``: whose differences are shown, and how many."""
    shown = shown_dataset(user_id, query)
    if shown is None:
        return ""
    dataset, newest = shown
    items = [
        _version(user_id, dataset, newest, version, opened or {})
        for version in versions.list_versions(user_id, dataset.id)
    ]
    listed: Node = el(
        "details",
        el("summary", _("{amount} and downloads", amount=counted(newest.number, "version"))),
        el("ol", items, cls="version-list"),
        id="report-versions",
        cls="more report-part",
    )
    closed: Node = permits_of(user_id, dataset).close(listed, NEEDS)
    return closed


def _version(
    user_id: str,
    dataset: Dataset,
    newest: DatasetVersion,
    version: VersionDescription,
    opened: Mapping[str, int],
) -> Node:
    number = version.number
    total = sum((version.change.get("counts") or {}).values())
    is_open = opened.get("number") == number
    about = {"dataset": dataset.id, "number": number}
    words = (
        ngettext("Hide {number} difference", "Hide {number} differences", total)
        if is_open
        else ngettext("Show {number} difference", "Show {number} differences", total)
    )
    until = 0 if is_open else DIFFERENCES_PER_STEP
    show = action(words, "differences", {**about, "until": until}, cls="link small", aria_expanded=str(is_open).lower())
    back = (
        el("span", _("in use"), cls="muted small")
        if number == newest.number
        else action(
            _("Go back to this"),
            "restore",
            about,
            cls="button small",
            aria_label=_("Go back to version {amount}", amount=number),
        )
    )
    author = f"{version.author}, " if version.author else ""
    usable = _(
        " · {usable_rows} of {version_rows} rows usable",
        usable_rows=count(version.usable_rows),
        version_rows=count(version.rows),
    )
    return el(
        "li",
        el(
            "div",
            el("strong", _("Version {amount}", amount=number)),
            el("span", author, moment(version.created_at), usable, cls="muted small"),
            back,
            cls="version-head",
        ),
        el("p", version.change["summary"]),
        el("div", show if total else None, _downloads(dataset, number), cls="version-tools"),
        _differences(user_id, dataset, number, opened["until"]) if is_open else None,
        data_version=str(number),
        id=f"version-{number}",
    )


def _downloads(dataset: Dataset, number: int) -> Node:
    links = [
        el(
            "a",
            words,
            cls="link small",
            href=f"/api/v1/datasets/{dataset.id}/export?format={kind}&version={number}",
            download=True,
            aria_label=_("Download version {amount} as {words}", amount=number, words=words),
        )
        for kind, words in FORMATS
    ]
    return el("span", links, cls="downloads")


def _differences(user_id: str, dataset: Dataset, number: int, until: int) -> Node:
    page = versions.read_changes(user_id, dataset.id, number, 0, until)
    more = action(
        _("Show more"),
        "differences",
        {"dataset": dataset.id, "number": number, "until": until + DIFFERENCES_PER_STEP},
        cls="button small",
    )
    return el(
        "div",
        el("ul", [_difference(entry) for entry in page.entries], cls="differences"),
        more if page.after < page.total else None,
    )


def _difference(entry: Mapping[str, Any]) -> Node:
    place = el("span", _("line {line}, {kind}: ", line=entry["line"], kind=_(KINDS[entry["kind"]])), cls="muted")
    if entry["kind"] == "edited":
        before, after = entry["before"], entry["after"]
        changed = [el("del", _("empty") if before is None else before or " "), " → ", el("ins", after or _("empty"))]
        return el("li", place, f"{entry['column']}: ", *changed)
    values = "; ".join(f"{name}: {'empty' if value is None else value}" for name, value in entry["values"].items())
    return el("li", place, values)
