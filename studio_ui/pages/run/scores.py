"""The Confusion and Labels tabs: which labels are taken for which, and how well each is found."""

from collections.abc import Mapping
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.confusion_matrix import Matrix
from studio_ui.components.nodes import Node, choice, el, share_bar
from studio_ui.components.view import Content
from studio_ui.formats import count, counted, percent
from studio_ui.pages.run.answers import SECONDS_BETWEEN_LOOKS
from studio_ui.pages.run.wanted import answer_form, folds_of, is_active, not_yet, results_of, wanted_run

MOST_PAIRS = 12
COLUMNS = (
    ("label", gettext_noop("Label")),
    ("f1", "F1"),
    ("precision", gettext_noop("Precision")),
    ("recall", gettext_noop("Recall")),
    ("count", ""),
)
LABEL_WORDS = gettext_noop(
    "F1 is high only when the label is both found (recall) and not given wrongly (precision). Labels with few rows jump "
    "by chance."
)


def read_matrix(user_id: str, query: Mapping[str, str]) -> Matrix:
    """The confusion matrix of the run; empty while there is none."""
    run = wanted_run(user_id, query)
    results = results_of(run)
    if not results.get("confusion"):
        return Matrix([], [])
    # Entities are not answered row by row, so their cells have no rows to show.
    return Matrix(results["labels"], results["confusion"], chosen=answer_form(run) == "label")


def confused_pairs(user_id: str, query: Mapping[str, str]) -> Content:
    """The pairs that matter in words."""
    run = wanted_run(user_id, query)
    again = SECONDS_BETWEEN_LOOKS if is_active(run) else None
    counts, labels = results_of(run).get("confusion"), results_of(run).get("labels") or []
    if not counts:
        return Content(not_yet(run, _("The confusion matrix")), again=again)
    pairs = [
        (value, value / sum(row), labels[at], labels[to])
        for at, row in enumerate(counts)
        for to, value in enumerate(row)
        if at != to and value
    ]
    pairs.sort(key=lambda pair: (-pair[0], -pair[1]))
    items = [
        el(
            "li",
            el("div", el("strong", expected), el("span", _(" taken for "), cls="muted"), el("strong", answered)),
            el(
                "span",
                _("{value}, {share} of this label", value=counted(value, "row"), share=percent(share)),
                cls="muted",
            ),
        )
        for value, share, expected, answered in pairs[:MOST_PAIRS]
    ]
    listed = el("ol", items) if items else el("p", _("Nothing was confused."))
    return Content(
        el("section", el("h3", _("Most confused pairs")), listed, cls="confused", id="confused-pairs"), again=again
    )


def label_scores(user_id: str, query: Mapping[str, str]) -> Content:
    """Precision, recall and F1 per label, weakest first; every column sorts."""
    run = wanted_run(user_id, query)
    again = SECONDS_BETWEEN_LOOKS if is_active(run) else None
    rows: list[dict[str, Any]] = results_of(run).get("per_class") or []
    if not rows:
        return Content(not_yet(run, _("Scores per label")), again=again)
    key = query.get("sort", "f1")
    key = key if key in dict(COLUMNS) else "f1"
    down = query.get("down", "1" if key == "count" else "0") == "1"
    rows = sorted(rows, key=lambda row: row[key], reverse=down)
    counted_words = _("Entities") if answer_form(run) == "entities" else _("Rows") if folds_of(run) else _("Test rows")
    heads = [_head(name, _(words) or counted_words, name == key, down) for name, words in COLUMNS]
    body = el("tbody", [_row(row) for row in rows])
    table = el("table", el("thead", el("tr", heads)), body, cls="data-table", id="labels-table")
    box = el("div", table, cls="table-box", tabindex="0", role="region", aria_label=_("Scores per label"))
    return Content([el("p", _(LABEL_WORDS), cls="muted"), box], again=again)


def _head(name: str, words: str, sorted_by: bool, down: bool) -> Node:
    falls = not down if sorted_by else name == "count"
    state = "none" if not sorted_by else "descending" if down else "ascending"
    button = choice(words, {"sort": name, "down": "1" if falls else "0"}, cls="sort")
    return el("th", button, scope="col", aria_sort=state, data_key=name)


def _row(row: Mapping[str, Any]) -> Node:
    return el(
        "tr",
        el("th", row["label"], scope="row"),
        el("td", share_bar(row["f1"])),
        el("td", percent(row["precision"]), cls="number"),
        el("td", percent(row["recall"]), cls="number"),
        el("td", count(row["count"]), cls="number"),
    )
