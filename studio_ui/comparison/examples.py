"""The same held-out rows answered by every compared run."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from app.catalog.task_types.scores import WRITTEN_FORMS, AnswerForm
from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.comparison.source import ComparisonSource
from studio_ui.components.input_texts import input_texts
from studio_ui.components.judged_answers import expected_words, judged
from studio_ui.components.marked_text import Marks
from studio_ui.components.nodes import Node, action, asker, el
from studio_ui.formats import count, counted
from studio_ui.word_diff import word_diff

ORDERS = [
    ("disagreement", gettext_noop("Disagreement first")),
    ("wrong", gettext_noop("Most often wrong first")),
    ("file", gettext_noop("In the order of the file")),
]
REFERENCES = [
    ("expected", gettext_noop("what is in the data")),
    ("base", gettext_noop("the base model")),
    ("none", gettext_noop("nothing")),
]
THUMBS = {"up": gettext_noop("good"), "down": gettext_noop("bad")}
Row = Mapping[str, Any]


def frame(names: Mapping[str, str], kind: str, query: Mapping[str, Any], *, votes: bool) -> list[Node]:
    """Heading, choices and an empty table of answers of this ``kind`` by runs (id -> name)."""
    reference = asker(
        "diff", [(value, _(words)) for value, words in REFERENCES], str(query.get("diff") or ""), id="examples-diff"
    )
    order = asker(
        "rows", [(value, _(words)) for value, words in ORDERS], str(query.get("rows") or ""), id="examples-order"
    )
    choices = [
        el("label", _("Mark differences from "), reference, for_="examples-diff", hidden=kind not in WRITTEN_FORMS),
        el("label", _("Order "), order, for_="examples-order"),
    ]
    first = _("Sentence and what is expected") if kind == "entities" else _("Text")
    base = _("Base model") if kind in WRITTEN_FORMS else _("Linear probe")
    heads = [first, *([] if kind == "entities" else [_("Expected")]), base]
    runs = [el("th", name, _tally_place(run_id) if votes else None, scope="col") for run_id, name in names.items()]
    head = el("tr", [el("th", words, scope="col") for words in heads], runs)
    table = el("table", el("thead", head), el("tbody"), id="compare-examples-table", cls="data-table")
    return [
        el("div", el("h2", _("What do they answer?")), el("span", choices, cls="grouping"), cls="card-head"),
        el("p", cls="muted", role="status"),
        el("div", table, cls="table-box", tabindex="0", role="region", aria_label=_("Rows side by side")),
        action(_("Show more rows"), "more", id="compare-examples-more"),
    ]


def _tally_place(run_id: str) -> Node:
    return el("span", cls="muted row-note votes-counts", data_votes=run_id, role="status")


def describe_examples(source: ComparisonSource, data: Mapping[str, Any]) -> dict[str, Any]:
    """One page of rows as nodes.

    Args:
        data: ``names`` (run id -> name) of the runs, ``order``, ``after``, ``kind``, the form of their answers, and ``reference``, which written answers are held against: ``expected``, ``base`` or ``none``.
    """
    names = {str(run_id): str(name) for run_id, name in dict(data["names"]).items()}
    page = source.examples(list(names), str(data["order"]), int(data["after"]))
    thumbs = _no_thumbs if source.read_only else _thumbs
    kind = data["kind"]
    described = (
        _Written(str(data["reference"]))
        if kind in WRITTEN_FORMS
        else _Marked()
        if kind == "entities"
        else _Judged(kind)
    )
    rows = [
        el(
            "tr",
            described.row(row),
            [
                el("td", described.answer(row, row["answers"][run_id]), thumbs(row, run_id, name), cls=described.cls)
                for run_id, name in names.items()
                if run_id in row["answers"]
            ],
            cls="differs" if row["different"] else "",
            data_row=row["row_id"],
        )
        for row in page["rows"]
    ]
    return {
        "rows": rows,
        "after": page["after"],
        "total": page["total"],
        "votes": {run_id: tally_words(votes) for run_id, votes in page.get("votes", {}).items()},
        "words": _words(page, len(names)),
    }


def tally_words(votes: Mapping[str, int]) -> str:
    """How many answers of a run were found good and bad."""
    up, down = votes["up"], votes["down"]
    return _("{up} good, {down} bad", up=count(up), down=count(down)) if up + down else ""


def _words(page: Mapping[str, Any], runs: int) -> str:
    if not page["comparable"]:
        return _("These runs were tested on different rows, so their answers cannot be put side by side.")
    rows = counted(page["total"], "row")
    if runs < 2:
        return f"{rows}."
    return _(
        "{rows} answered by all of them; on {disagreeing} their answers differ.",
        rows=rows,
        disagreeing=count(page["disagreeing"]),
    )


class _Judged:
    """Answers that are right, wrong or near: a label, labels, or a number."""

    cls = ""

    def __init__(self, form: AnswerForm) -> None:
        self.form = form

    def row(self, row: Row) -> list[Node]:
        expected, base = row["expected"], judged(self.form, row["base_answer"], row["expected"])
        asked = el("td", input_texts(row["parts"]), cls="wide-text")
        return [asked, el("td", expected_words(self.form, expected)), el("td", base)]

    def answer(self, row: Row, given: Mapping[str, Any]) -> Node:
        return judged(self.form, given["answer"], row["expected"], given["score"])


class _Marked:
    """Sentences with marks: what is expected, and what each model made of it instead."""

    cls = ""

    def __init__(self) -> None:
        self.marks = Marks()

    def row(self, row: Row) -> list[Node]:
        sentence = self.marks.text(row["input"], json.loads(row["expected"]))
        base = row["base_answer"]
        shown = "–" if base is None else self._differences(row, base)
        return [el("td", sentence, cls="wide-text"), el("td", shown)]

    def answer(self, row: Row, given: Mapping[str, Any]) -> Node:
        return self._differences(row, given["answer"])

    def _differences(self, row: Row, given: str) -> Node:
        return self.marks.differences(row["input"], json.loads(row["expected"]), json.loads(given))


class _Written:
    """Texts with the words marked that the chosen reference does not have, or has alone."""

    cls = "wide-text"

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def row(self, row: Row) -> list[Node]:
        base = row["base_answer"]
        plain = base is None or self.reference == "base"
        shown = (base if base is not None else "–") if plain else self._marked(row, base)
        return [el("td", text, cls="wide-text") for text in (row["input"], row["expected"], shown)]

    def answer(self, row: Row, given: Mapping[str, Any]) -> Node:
        return self._marked(row, given["answer"])

    def _marked(self, row: Row, text: str) -> Node:
        return word_diff({"expected": row["expected"], "base": row["base_answer"]}.get(self.reference), text)


Thumbs = Callable[[Row, str, str], Node]


def _no_thumbs(row: Row, run_id: str, name: str) -> Node:
    return ""


def _thumbs(row: Row, run_id: str, name: str) -> Node:
    """Two buttons for the run's answer to a row; the pressed one takes its vote back."""
    buttons = [
        action(
            "",
            "vote",
            {"run_id": run_id, "row_id": row["row_id"], "vote": vote},
            cls="thumb",
            data_vote=vote,
            aria_label=_("The answer of {name} is {word}", name=name, word=_(word)),
            aria_pressed=str(row["answers"][run_id].get("vote") == vote).lower(),
            title=_("A {word} answer", word=_(word)),
        )
        for vote, word in THUMBS.items()
    ]
    return el("span", buttons, cls="thumbs", role="group", aria_label=_("Your vote"), data_run=run_id)
