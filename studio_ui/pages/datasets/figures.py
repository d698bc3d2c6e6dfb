"""Figures of a version: its split, its labels or numbers, and how long its texts are."""

import math
from collections.abc import Mapping
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import DatasetVersion
from app.services.datasets import holdout_access
from app.services.datasets.version_lengths import with_default_cut
from studio_ui.components.nodes import Node, el
from studio_ui.formats import count, counted, figure, percent
from studio_ui.pages.datasets.place import shown_dataset

SPLITS = (
    ("train", gettext_noop("for training")),
    ("validation", gettext_noop("for validation")),
    ("test", gettext_noop("for the final test")),
)
LABELS_SHOWN = 12
BARS = 24
SPLIT_WORDS = gettext_noop(
    "Chosen once and kept for every run, so that results can be compared. Duplicates and near-duplicates stay in one split."
)


def figures(user_id: str, query: Mapping[str, str]) -> Node:
    """The parts side by side; nothing without a dataset."""
    shown = shown_dataset(user_id, query)
    if shown is None:
        return ""
    dataset, version = shown
    peeks = holdout_access.summary(user_id, dataset.id)
    numbers = [_number(name, found) for name, found in (version.report.get("numbers") or {}).items()]
    return el("div", _split(version, peeks), _labels(version), numbers, _lengths(version), cls="report-grid")


def peek_words(peeks: Mapping[str, int]) -> str:
    """ "Rows of the final test were looked at 2 times (24 rows shown)", or that nobody has."""
    looks, seen, changed = (peeks.get(name, 0) for name in ("looks", "rows_seen", "rows_changed"))
    parts = [
        _("looked at {looks} ({seen} shown)", looks=counted(looks, "time"), seen=counted(seen, "row")) if looks else "",
        _("{changed} changed by hand", changed=counted(changed, "row")) if changed else "",
    ]
    line = ", ".join(part for part in parts if part)
    return (
        _("Rows of the final test were {change}.", change=line)
        if line
        else _("Nobody has looked at the rows of the final test here.")
    )


def _split(version: DatasetVersion, peeks: Mapping[str, int]) -> Node:
    sizes = version.split_sizes or {}
    total = sum(sizes.get(name, 0) for name, _ in SPLITS) or 1
    bar = [el("span", cls=f"split-{name}", style=f"flex-grow: {sizes.get(name, 0) / total:.5f}") for name, _ in SPLITS]
    words = [
        el(
            "li",
            el("span", cls=f"split-mark split-{name}", aria_hidden="true"),
            el("strong", count(sizes.get(name, 0)), cls="number"),
            f" {_(caption)}",
        )
        for name, caption in SPLITS
    ]
    return el(
        "section",
        el("h3", _("Split")),
        el("div", bar, cls="split-bar", aria_hidden="true"),
        el("ul", words, cls="split-words"),
        el("p", _(SPLIT_WORDS), id="splits-how", cls="muted small"),
        el("p", peek_words(peeks), id="splits-peeks", cls="muted small"),
        cls="report-part",
        id="report-splits",
    )


def _labels(version: DatasetVersion) -> Node:
    counts = sorted((version.labels or {}).items(), key=lambda item: -item[1])
    if not counts:
        return ""
    rows = [_label_row(name, number, counts[0][1]) for name, number in counts]
    rest = rows[LABELS_SHOWN:]
    more = el(
        "details",
        el("summary", _("Show {rest} more", rest=count(len(rest)))),
        el("ul", rest, cls="label-counts"),
        cls="more",
    )
    return el(
        "section",
        el("h3", counted(len(counts), "label")),
        el("ul", rows[:LABELS_SHOWN], cls="label-counts"),
        more if rest else None,
        cls="report-part",
        id="report-labels",
    )


def _label_row(name: str, number: int, most: int) -> Node:
    fill = el("span", cls="bar-fill", style=f"width: {max(1.0, 100 * number / most):.1f}%")
    return el(
        "li",
        el("span", name, cls="label-name", title=name),
        el("span", fill, cls="bar", aria_hidden="true"),
        el("span", count(number), cls="bar-number"),
    )


def _number(name: str, found: Mapping[str, Any]) -> Node:
    """How the values of a number that is learned are spread."""
    edges, counts = found["edges"], found["counts"]
    most = max(1, *counts)
    bars = [
        el(
            "span",
            title=_(
                "{low} to {high}: {rows} rows", low=figure(edges[at]), high=figure(edges[at + 1]), rows=count(rows)
            ),
            style=f"height: {max(3.0, 100 * rows / most) if rows else 0:.1f}%",
        )
        for at, rows in enumerate(counts)
    ]
    shares = {share: figure(value) for share, value in found["quantiles"].items()}
    words = _(
        "Mean {mean}, standard deviation {deviation}; half of the numbers lie between {low} and {high}, {distinct} are different.",
        mean=figure(found["mean"]),
        deviation=figure(found["std"]),
        low=shares["0.25"],
        high=shares["0.75"],
        distinct=count(found["distinct"]),
    )
    label = _("Histogram of {name} from {low} to {high}", name=name, low=shares["0"], high=shares["1"])
    axis = el("div", el("span", shares["0"]), el("span", shares["1"]), cls="histogram-axis", aria_hidden="true")
    return el(
        "section",
        el("h3", _("Numbers in {column}", column=name)),
        el("div", bars, cls="histogram", role="img", aria_label=label),
        axis,
        el("p", words, cls="small"),
        cls="report-part report-numbers",
    )


def _lengths(version: DatasetVersion) -> Node:
    lengths = with_default_cut(version)
    limit, rows = lengths["max_length"], lengths["rows"]
    found = [(int(tokens), number) for tokens, number in lengths["counts"].items()]
    cut = sum(number for tokens, number in found if tokens > limit)
    about = (
        _("tokens of {base_model}", base_model=lengths["base_model"])
        if lengths["measured"]
        else _("tokens, estimated from the characters")
    )
    words = (
        _(
            "{cut} of {rows} rows ({cut_2}) are longer than {limit} {about}: their end is not read unless you allow more in the settings.",
            cut=count(cut),
            rows=count(rows),
            cut_2=percent(cut / rows),
            limit=limit,
            about=about,
        )
        if cut
        else _("No row is longer than {limit} {about}, so nothing is cut.", limit=limit, about=about)
    )
    sample = (
        _(" Counted on a sample of {rows} of {of_rows} rows.", rows=count(rows), of_rows=count(lengths["of_rows"]))
        if lengths.get("of_rows")
        else ""
    )
    average = _(
        "On average {mean}, at most {longest}.", mean=f"{lengths['mean']:.0f}", longest=count(lengths["longest"])
    )
    return el(
        "section",
        el("h3", _("How long the texts are")),
        _histogram(found, lengths["longest"], limit),
        el("p", words, id="lengths-words", cls="small"),
        el(
            "p",
            _("{average} A token is a word or a part of one.{sample}", average=average, sample=sample),
            cls="muted small",
        ),
        cls="report-part",
        id="report-lengths",
    )


def _histogram(found: list[tuple[int, Any]], longest: int, limit: int) -> Node:
    width = max(1, math.ceil((longest + 1) / BARS))
    bars = [0] * math.ceil((longest + 1) / width)
    for tokens, rows in found:
        bars[tokens // width] += rows
    most = max(1, *bars)
    drawn = [
        el(
            "span",
            cls="bar-cut" if at * width >= limit else "",
            title=_("{at} to {at_2} tokens: {rows} rows", at=at * width, at_2=(at + 1) * width - 1, rows=count(rows)),
            style=f"height: {max(3.0, 100 * rows / most) if rows else 0:.1f}%",
        )
        for at, rows in enumerate(bars)
    ]
    label = _("Histogram of lengths from 0 to {longest} tokens", longest=longest)
    axis = el(
        "div",
        el("span", "0"),
        el("span", _("{longest} tokens", longest=count(longest))),
        cls="histogram-axis",
        aria_hidden="true",
    )
    return el("div", el("div", drawn, cls="histogram", role="img", aria_label=label), axis)
