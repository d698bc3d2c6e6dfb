"""What a person is asked about a file that can be read in more than one way: the readings, with rows as each reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.nodes import Node, action, el

SURE_WORDS = gettext_noop(
    "Nothing is learned from the file before you have chosen. Your choice is kept with the data set."
)


def question_nodes(error: Mapping[str, Any], file_name: str, staged_id: str) -> Node:
    """The question of a refusal: what is not clear, and one card for each reading."""
    question = error["details"]["question"]
    options = question["options"]
    known = error["code"] == "no_task_yet"
    title = _("What it can be used for now") if known else _("What should the model learn?")
    differing = _differing_role(options)
    cards = [_option(option, staged_id, at, differing) for at, option in enumerate(options)]
    return el(
        "section",
        el("div", el("h2", title), el("span", file_name, cls="muted"), cls="card-head"),
        el("p", question["words"], cls="question-words"),
        el("p", question["hint"], cls="muted") if known else None,
        el("div", cards, cls="question-options"),
        el("p", _(SURE_WORDS), cls="muted small"),
        id="data-question",
        cls="report",
        aria_label=_("Question about {file_name}", file_name=file_name),
    )


def _differing_role(options: Sequence[Mapping[str, Any]]) -> int | None:
    """Where all options are for one goal: the position of the first role in which their columns differ."""
    if len(options) < 2 or len({option["title"] for option in options}) > 1:
        return None
    roles = zip(*(option["roles"] for option in options), strict=False)
    return next((at for at, found in enumerate(roles) if len({role["column"] for role in found}) > 1), None)


def _option(option: Mapping[str, Any], staged_id: str, at: int, differing: int | None) -> Node:
    role = option["roles"][differing] if differing is not None else None
    title = f"{_(role['title'])}: {role['column']}" if role else _(option["title"])
    choose = action(
        _("Learn this"),
        "answer",
        {"staged": staged_id, "answer": option["answer"]},
        cls=f"button {'' if at else 'primary'}".strip(),
        aria_label=_("Learn this: {title}, {described}", title=_(option["title"]), described=option["described"]),
    )
    return el(
        "article",
        el("h3", title),
        el("p", _(option["title"]), cls="muted") if role else None,
        el("p", [_role(role) for role in option["roles"]], cls="question-roles"),
        el("p", option["why"][0].upper() + option["why"][1:], cls="muted small") if option["why"] else None,
        el(
            "ol",
            [_row(row) for row in option["rows"]],
            cls="question-rows",
            aria_label=_("The first rows, read like this"),
        ),
        el("div", choose, cls="actions"),
        cls="card question-option",
        data_answer=option["answer"],
    )


def _role(role: Mapping[str, str]) -> Node:
    return el("span", el("span", _(role["title"]), cls="question-part"), el("code", role["column"]))


def _row(parts: list[Mapping[str, str]]) -> Node:
    return el("li", [el("p", el("span", _(part["title"]), cls="question-part"), part["text"] or "–") for part in parts])
