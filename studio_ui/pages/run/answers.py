"""The Examples tab: held-out rows answered by base and tuned model, filtered, searched and paged in the address."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import task_type
from app.catalog.task_types.preference_rows import split_pair
from app.catalog.task_types.scores import WRITTEN_FORMS, AnswerForm
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.runs import generation_samples, predictions
from app.services.runs.generation_samples import SampledAnswer
from app.services.runs.predictions import AnswerFilter, PredictionDetails, PredictionPage
from app.services.runs.run_details import RunDetails
from studio_ui.components.input_texts import input_texts
from studio_ui.components.judged_answers import expected_words, judged
from studio_ui.components.marked_text import Marks
from studio_ui.components.nodes import Node, choice, el, share_bar
from studio_ui.components.view import Content
from studio_ui.formats import count, figure, score_words
from studio_ui.pages.run.wanted import answer_form, is_active, not_yet, results_of, wanted_run, writes

SECONDS_BETWEEN_LOOKS = 2.0
PAGE = 50
FILTERS = (
    ("wrong", gettext_noop("Wrong")),
    ("improved", gettext_noop("Wrong → right")),
    ("worsened", gettext_noop("Right → wrong")),
    ("right", gettext_noop("Right")),
    ("all", gettext_noop("All")),
)
NONE_OF = {
    "wrong": gettext_noop("No wrong answers."),
    "right": gettext_noop("No right answers."),
    "improved": gettext_noop("No row that the linear probe got wrong and the tuned model gets right."),
    "worsened": gettext_noop("No row that the linear probe got right and the tuned model gets wrong."),
    "all": gettext_noop("No answers were stored."),
}
HEADS = (
    gettext_noop("Text"),
    gettext_noop("Expected"),
    gettext_noop("Linear probe"),
    gettext_noop("Tuned model"),
)
LAST_HEAD = {
    "label": gettext_noop("Probability"),
    "labels": gettext_noop("Least certain label"),
    "number": gettext_noop("Distance"),
}
# How far the shown answers are at least, in mean absolute errors of the run.
FARTHER = (
    (0.0, gettext_noop("All")),
    (1.0, gettext_noop("Farther than average")),
    (2.0, gettext_noop("More than twice as far")),
)
ENTITY_HEADS = (
    gettext_noop("Sentence and what is expected"),
    gettext_noop("Linear probe"),
    gettext_noop("Tuned model"),
    gettext_noop("Least certain word"),
)
PAIR_HEADS = (
    gettext_noop("Request"),
    gettext_noop("Base model prefers"),
    gettext_noop("Tuned model prefers"),
    gettext_noop("Reward margin"),
    gettext_noop("Preferred answer"),
    gettext_noop("Rejected answer"),
)
NONE_OF_PAIRS = {
    "improved": gettext_noop("No pair that the base model got wrong and the tuned model gets right."),
    "worsened": gettext_noop("No pair that the base model got right and the tuned model gets wrong."),
}
UNSEEN = gettext_noop(
    "Rows the model never trained on. Choosing settings to fit these very rows makes the test number look better than it is."
)
QUESTIONS = gettext_noop(
    "Questions that the model never trained on. Both models always take the likeliest next piece of text, so the same question "
    "gives the same answer."
)
SOURCES = gettext_noop(
    "Texts that the model never trained on, and what base and tuned model wrote for them. A text with several references stands here "
    "once for each."
)
SAMPLED = gettext_noop(
    "The same few validation prompts at every evaluation, answered in at most 40 tokens, so that you can watch the answers "
    "change."
)


def answers(user_id: str, query: Mapping[str, str]) -> Content:
    """The rows that the address asks for."""
    run = wanted_run(user_id, query)
    again = SECONDS_BETWEEN_LOOKS if is_active(run) else None
    written = answer_form(run) in WRITTEN_FORMS
    if not results_of(run).get("metrics"):
        # What was said at each check stands below and needs no end.
        return Content("" if written else not_yet(run, _("Right and wrong answers")), again=again)
    # Numbers are hardly ever met exactly: they are near or far, the farthest first.
    by_distance = answer_form(run) == "number"
    only = (
        "all" if by_distance else query.get("only") if query.get("only") in NONE_OF else "all" if written else "wrong"
    )
    wanted = AnswerFilter(
        None if only == "all" else only,
        query.get("expected"),
        query.get("answered"),
        query.get("find", "").strip(),
        _least_distance(run, query) if by_distance else None,
    )
    shown = max(PAGE, int(query["rows"])) if query.get("rows", "").isdecimal() else PAGE
    page = _first_rows(user_id, run, wanted, shown)
    if written:
        words = QUESTIONS if answer_form(run) == "text" else SOURCES
        return Content(_written_list(_(words), page, wanted, shown), again=again)
    return Content(_answer_table(run, page, wanted, shown), again=again)


def _first_rows(user_id: str, run: RunDetails, wanted: AnswerFilter, number: int) -> PredictionPage:
    """So many rows from the start, in as many pages as the service needs for them."""
    page = predictions.page(user_id, run.id, wanted, limit=number)
    rows = list(page.rows)
    while len(rows) < number and page.rows:
        page = predictions.page(user_id, run.id, wanted, limit=number - len(rows), after=page.after)
        rows += page.rows
    return PredictionPage(rows, page.after, page.counts)


def _answer_table(run: RunDetails, page: PredictionPage, wanted: AnswerFilter, shown: int) -> list[Node]:
    totals = {**page.counts, "all": page.counts["right"] + page.counts["wrong"]}
    only = wanted.only or "all"
    form = answer_form(run)
    heads, row = _heads(form), _row_of(run, form)
    filters = [
        choice(
            f"{words} ({count(totals[name])})",
            {"only": None if name == "wrong" else name, "rows": None},
            pressed=name == only,
            cls="segment",
            data_only=name,
        )
        for name, words in FILTERS
    ]
    words = (
        _("{page_rows} of {totals} rows shown.", page_rows=count(len(page.rows)), totals=count(totals[only]))
        if page.rows
        else _nothing(wanted, form)
    )
    return [
        el("p", _unseen(run), cls="muted"),
        _number_details(run) if form == "number" else "",
        el(
            "div",
            _distance_filters(run, wanted) if form == "number" else filters,
            cls="segments",
            role="group",
            aria_label=_("Which rows to show"),
        ),
        _cell_filter(wanted),
        el("p", words, cls="muted", role="status"),
        _table([_(words) for words in heads], [row(item) for item in page.rows]) if page.rows else "",
        _more(_("Show more rows"), shown) if len(page.rows) < totals[only] else "",
    ]


def _least_distance(run: RunDetails, query: Mapping[str, str]) -> float | None:
    """The distance that the address asks for; None for all rows."""
    known = {f"{times:g}": times for times, _words in FARTHER if times}
    return known[query["far"]] * _mean_distance(run) if query.get("far") in known else None


def _mean_distance(run: RunDetails) -> float:
    """The mean of the stored distances: the mean absolute error, of several numbers each in standard deviations."""
    return float(results_of(run).get("mean_distance") or 0.0)


def _distance_filters(run: RunDetails, wanted: AnswerFilter) -> list[Node]:
    mean = _mean_distance(run)
    return [
        choice(
            f"{_(words)} (> {figure(times * mean)})" if times else _(words),
            {"far": f"{times:g}" if times else None, "rows": None},
            pressed=abs((wanted.farther or 0.0) - times * mean) < 1e-12,
            cls="segment",
            data_far=f"{times:g}",
        )
        for times, words in FARTHER
    ]


def _number_details(run: RunDetails) -> Node:
    """The scores of each of several numbers by itself."""
    rows: list[Mapping[str, Any]] = results_of(run).get("per_number") or []
    if len(rows) < 2:
        return ""
    scores = task_type(run.task_type).scores
    heads = [el("th", _("Number"), scope="col")]
    heads += [el("th", _(score.title), scope="col", cls="number") for score in scores]
    body = [
        el(
            "tr",
            el("th", row["label"], scope="row"),
            [el("td", score_words(score.key, row[score.key]), cls="number") for score in scores],
        )
        for row in rows
    ]
    table = el(
        "table",
        el("thead", el("tr", heads)),
        el("tbody", body),
        id="numbers-table",
        cls="data-table",
    )
    return el(
        "div", table, cls="table-box number-details", tabindex="0", role="region", aria_label=_("Scores of each number")
    )


def _unseen(run: RunDetails) -> str:
    """What the rows had to do with training."""
    folds = (results_of(run).get("cross_validation") or {}).get("folds")
    if not folds:
        return _(UNSEEN)
    return _(
        "Every row, answered by the model of the fold that did not train on it ({folds} folds). The model that you keep has learned from all of them and may answer differently.",
        folds=folds,
    )


def _heads(form: AnswerForm) -> tuple[str, ...]:
    if form == "entities":
        return ENTITY_HEADS
    return PAIR_HEADS if form == "preference" else (*HEADS, LAST_HEAD[form])


def _row_of(run: RunDetails, form: AnswerForm) -> Callable[[PredictionDetails], Node]:
    if form == "entities":
        return _entity_row(Marks(results_of(run).get("labels") or []))
    return _pair_row if form == "preference" else _judged_row(run)


def _nothing(wanted: AnswerFilter, form: AnswerForm) -> str:
    known = {**NONE_OF, **(NONE_OF_PAIRS if form == "preference" else {})}
    narrowed = wanted.words or any(value is not None for value in (wanted.expected, wanted.answer, wanted.farther))
    return _("No row fits what is asked for above.") if narrowed else _(known[wanted.only or "all"])


def _cell_filter(wanted: AnswerFilter) -> Node:
    """The cell of the confusion matrix that was chosen, and the way back to all rows."""
    if wanted.expected is None and wanted.answer is None:
        return ""
    words = _("Expected “{expected}”, answered “{answer}” ", expected=wanted.expected, answer=wanted.answer)
    none = {"expected": None, "answered": None, "only": None, "rows": None}
    return el("p", words, choice(_("Show all labels"), none, cls="button small", id="examples-all-labels"))


def _table(heads: Sequence[str], rows: list[Node]) -> Node:
    head = el("thead", el("tr", [el("th", words, scope="col") for words in heads]))
    return el(
        "div",
        el("table", head, el("tbody", rows), id="examples-table", cls="data-table"),
        cls="table-box",
        tabindex="0",
        role="region",
        aria_label=_("Held-out rows"),
    )


def _more(words: str, shown: int) -> Node:
    return choice(words, {"rows": str(shown + PAGE)}, id="answers-more")


def _judged_row(run: RunDetails) -> Callable[[PredictionDetails], Node]:
    form, task, columns = answer_form(run), task_type(run.task_type), run.spec.get("columns") or {}

    def row(answer: PredictionDetails) -> Node:
        last = figure(answer.score) if form == "number" else share_bar(answer.score)
        return el(
            "tr",
            el("td", input_texts(task.input_parts(answer.input, columns)), cls="wide-text"),
            el("td", expected_words(form, answer.expected)),
            el("td", judged(form, answer.base_answer, answer.expected)),
            el("td", judged(form, answer.answer, answer.expected)),
            el("td", last),
        )

    return row


def _pair_row(answer: PredictionDetails) -> Node:
    pair = split_pair(answer.input)
    elsewhere = el("p", _("In answer to: {request}", request=pair.other_request), cls="muted small")
    return el(
        "tr",
        el("td", pair.request, cls="wide-text"),
        el("td", judged("preference", answer.base_answer, answer.expected)),
        el("td", judged("preference", answer.answer, answer.expected)),
        el("td", figure(answer.score)),
        el("td", pair.chosen, cls="wide-text"),
        el("td", pair.rejected, elsewhere if pair.other_request else None, cls="wide-text"),
    )


def _entity_row(marks: Marks) -> Callable[[PredictionDetails], Node]:
    def row(answer: PredictionDetails) -> Node:
        expected = json.loads(answer.expected)
        base = marks.differences(answer.input, expected, json.loads(answer.base_answer)) if answer.base_answer else "–"
        return el(
            "tr",
            el("td", marks.text(answer.input, expected), cls="wide-text"),
            el("td", base),
            el("td", marks.differences(answer.input, expected, json.loads(answer.answer))),
            el("td", share_bar(answer.score)),
        )

    return row


def _written_list(about: str, page: PredictionPage, wanted: AnswerFilter, shown: int) -> list[Node]:
    more = len(page.rows) == shown
    none = _("No row fits what is asked for above.") if wanted.words else ""
    words = f"{count(len(page.rows))} answers." if page.rows else none
    return [
        el("p", about, cls="muted"),
        el(
            "p",
            words or _("No answers were stored; the test rows leave no room for one."),
            cls="muted",
            role="status",
        ),
        el("ol", [written_card(row) for row in page.rows], id="written-answers", cls="written-answers"),
        _more(_("Show more answers"), shown) if more else "",
    ]


def written_card(row: PredictionDetails | SampledAnswer, tuned: str = "Tuned model") -> Node:
    """One question with both answers; ``tuned`` names the side of the tuned model."""
    reference = el(
        "p", el("strong", _("In the data: ")), el("span", row.expected, cls="written-text"), cls="muted small"
    )
    return el(
        "li",
        el("p", el("span", _("Question: "), cls="sr-only"), row.input, cls="written-question"),
        el(
            "div",
            _answer_nodes(_("Base model"), row.base_answer),
            _answer_nodes(tuned, row.answer, "written-tuned"),
            cls="written-pair",
        ),
        reference if row.expected else None,
        cls="card written",
    )


def _answer_nodes(who: str, words: str | None, look: str = "") -> Node:
    side = f"written-side {look}".strip()
    return el("section", el("h3", who), el("p", words or _("(nothing)"), cls="written-text"), cls=side)


def samples(user_id: str, query: Mapping[str, str]) -> Content:
    """What a model that generates said at one check of its run, beside the base model."""
    run = wanted_run(user_id, query)
    if not writes(run):
        return Content("")
    found = generation_samples.at_step(user_id, run.id, sampled_step(query))
    at = list(found.steps).index(found.step) if found.step is not None else 0
    earlier = found.steps[at - 1] if at > 0 else None
    later = found.steps[at + 1] if at + 1 < len(found.steps) else None
    words = _("Nothing yet: samples come with the first evaluation. Runs from before this was kept have none.")
    moves = [
        _to_step(_("‹ Earlier"), earlier, "samples-earlier"),
        el("span", _("Check after step {step}", step=count(found.step or 0))),
        # The newest check needs no step in the address, so that the next one is shown when it comes.
        _to_step(_("Later ›"), later, "samples-later", newest=found.steps[-1] if found.steps else None),
    ]
    cards = [written_card(row, _("Fine-tuned so far")) for row in found.rows]
    nodes = [
        el("h3", _("Generation samples")),
        el("p", _(SAMPLED), cls="muted"),
        el("div", moves, cls="samples-chooser") if found.rows else el("p", words, cls="muted", role="status"),
        el("ol", cards, id="written-samples", cls="written-answers"),
    ]
    shown = el("section", nodes, cls="samples", aria_label=_("Generation samples"))
    return Content(shown, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)


def sampled_step(query: Mapping[str, str]) -> int | None:
    """The check that the address asks for; None for the newest."""
    return int(query["sample"]) if query.get("sample", "").isdecimal() else None


def _to_step(words: str, step: int | None, id_: str, newest: int | None = None) -> Node:
    value = None if step is None or step == newest else str(step)
    return choice(words, {"sample": value}, id=id_, disabled=step is None)
