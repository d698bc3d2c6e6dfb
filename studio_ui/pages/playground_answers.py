"""Answers of models that label or score texts, mark tokens, or write other texts, as the playground shows them."""

from collections.abc import Sequence
from typing import Any

from app.languages import decimal
from app.languages import gettext as _
from studio_ui.components.input_texts import Parts, input_texts
from studio_ui.components.nodes import Node, el, share_bar
from studio_ui.formats import count, figure, percent

SHOWN_LABELS = 5
HUES = 8
# In standard deviations.
NEAR_MEAN = 0.05


def answer_of(parts: Parts, answer: dict[str, Any], hues: dict[str, int]) -> Node:
    """One text, or several that are read together, with what a model gives it: labels, numbers, marks or another text.

    Args:
        parts: title and text of each.
        hues: the colours of marks given so far.
    """
    if "entities" in answer:
        return _marked_reply(parts[0][1], answer["entities"], answer["read_to"], hues)
    if "numbers" in answer:
        return _scored_reply(parts, answer)
    if "text" in answer:
        return _written_reply(parts[0][1], answer)
    if "labels" in answer:
        return _labelled_reply(parts, answer)
    ranked = sorted(answer.get("probabilities", {}).items(), key=lambda pair: -pair[1])
    # A single label left over is shown by its name: "1 other" would take the same room.
    shown = ranked if len(ranked) == SHOWN_LABELS + 1 else ranked[:SHOWN_LABELS]
    rest = ranked[len(shown) :]
    bars = [
        el(
            "li",
            el("span", label, cls="label-name"),
            share_bar(share),
            cls="first" if label == answer["label"] else "",
        )
        for label, share in shown
    ]
    if rest:
        words = _("{rest} other labels together", rest=count(len(rest)))
        total = sum(share for _, share in rest)
        bars.append(el("li", el("span", words, cls="label-name"), share_bar(total), cls="muted"))
    return el(
        "article",
        el("div", input_texts(parts), cls="reply-text"),
        el("p", answer["label"], cls="reply-label"),
        el("ul", bars, cls="label-bars"),
        cls="reply",
    )


def _written_reply(text: str, answer: dict[str, Any]) -> Node:
    """A source and what was written for it."""
    cut = el("p", _("The text is longer than this model reads; its end was left out."), cls="muted small")
    return el(
        "article",
        el("p", text, cls="reply-text muted"),
        el("p", answer["text"] or _("(nothing)"), cls="reply-written"),
        cut if answer["cut"] else None,
        cls="reply",
    )


def _labelled_reply(parts: Parts, answer: dict[str, Any]) -> Node:
    """A text with all of its labels; below them the likeliest ones, each with the threshold above which it is given."""
    given, limits = answer["labels"], answer["thresholds"]
    bars = [
        el(
            "li",
            el(
                "span",
                el("span", label, cls="label-name"),
                " ",
                el("span", _("from {threshold}", threshold=percent(limits[label])), cls="muted small"),
            ),
            share_bar(share),
            cls="first" if label in given else "",
        )
        for label, share in list(answer["probabilities"].items())[: max(SHOWN_LABELS, len(given))]
    ]
    return el(
        "article",
        el("div", input_texts(parts), cls="reply-text"),
        el("p", ", ".join(given) if given else _("no label"), cls="reply-label"),
        el("ul", bars, cls="label-bars"),
        cls="reply",
    )


def _scored_reply(parts: Parts, answer: dict[str, Any]) -> Node:
    """A text with its number, or several, each beside the mean of the training rows."""
    numbers, means, deviations = (answer[name] for name in ("numbers", "means", "deviations"))
    lines = [
        el(
            "li",
            el("span", name, cls="label-name"),
            el("strong", figure(value), cls="number"),
            el("span", _against_mean(value, means[name], deviations[name]), cls="muted small number-place"),
        )
        for name, value in numbers.items()
    ]
    single = figure(next(iter(numbers.values()))) if len(numbers) == 1 else None
    return el(
        "article",
        el("div", input_texts(parts), cls="reply-text"),
        el("p", single, cls="reply-label") if single else None,
        el("ul", lines, cls="label-bars number-answers"),
        cls="reply",
    )


def _against_mean(value: float, mean: float, deviation: float) -> str:
    """Where a number lies among those of the training rows, of which two thirds are within one standard deviation."""
    away, places = (value - mean) / deviation, {"mean": figure(mean), "away": decimal(abs(value - mean) / deviation, 1)}
    if abs(away) < NEAR_MEAN:
        return _("about the mean of the training rows, {mean}", **places)
    if away < 0:
        return _("{away} standard deviations below the mean of the training rows, {mean}", **places)
    return _("{away} standard deviations above the mean of the training rows, {mean}", **places)


def _marked_reply(text: str, entities: Sequence[dict[str, Any]], read_to: int, hues: dict[str, int]) -> Node:
    """A text with what was marked in it, and how certain each mark is."""
    for entity in entities:
        hues.setdefault(entity["label"], len(hues) % HUES)
    pieces: list[Node] = []
    place = 0
    for entity in entities:
        pieces += [text[place : entity["start"]], _mark(entity, hues)]
        place = entity["end"]
    listed = [el("li", _mark(entity, hues), share_bar(entity["score"])) for entity in entities]
    words = _(
        "The text is too long for this model: only the first {read_to} of {text} characters were read.",
        read_to=count(read_to),
        text=count(len(text)),
    )
    return el(
        "article",
        el("p", el("span", pieces, text[place:], cls="marked-text"), cls="reply-text"),
        el("ul", listed, cls="entity-list") if listed else el("p", _("Nothing is marked."), cls="muted"),
        el("p", words, cls="muted") if read_to < len(text) else None,
        cls="reply",
    )


def _mark(entity: dict[str, Any], hues: dict[str, int]) -> Node:
    """A marked piece with its type beside it, so that colour is never the only signal."""
    label = entity["label"]
    return el("mark", entity["text"], " ", el("span", label, cls="entity-type"), cls=f"entity entity-{hues[label]}")
