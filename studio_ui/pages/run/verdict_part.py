"""The sentence that a finished run opens with, what it answered, and what else there is to know of it."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.catalog.task_types import task_type
from app.catalog.task_types.scores import Score
from app.languages import decimal, gettext_noop, ngettext
from app.languages import gettext as _
from app.services.evaluation import headline as headlines
from app.services.evaluation import verdicts as rules
from app.services.evaluation.headline import Headline
from app.services.evaluation.verdict import Verdict
from app.services.runs import predictions
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, choice, el

SEVERITIES = {
    "good": ("✓", gettext_noop("Good")),
    "info": ("i", gettext_noop("Note")),
    "warning": ("!", gettext_noop("Warning")),
    "error": ("✕", gettext_noop("Problem")),
}
CONCLUSIONS = {
    "good_enough": ("✓", "good", gettext_noop("Good enough")),
    "not_yet": ("✕", "error", gettext_noop("Not yet")),
    "cannot_tell": ("?", "info", gettext_noop("Cannot tell")),
}
# Answers that stand beside the sentence of a model that writes.
SHOWN_ANSWERS = 3
ANSWER_CHARACTERS = 400


def sentence_of(run: RunDetails, query: Mapping[str, str]) -> Headline | None:
    """The sentence for what the person needs, as the address says; None before the run has been tested."""
    return headlines.headline(run.state, run.results, _needed(query))


def sentence_nodes(user_id: str, run: RunDetails, sentence: Headline) -> Node:
    """The sentence, and the choice of how many answers must be right, or of the score that must be reached."""
    mark, look, word = CONCLUSIONS[sentence.conclusion]
    return el(
        "section",
        el("p", el("span", mark, cls="verdict-mark", aria_hidden="true"), sentence.sentence, cls="headline-sentence"),
        _choices(sentence.needed, task_type(run.task_type).primary_score)
        if sentence.needed is not None
        else _answers(user_id, run),
        cls=f"headline verdict-{look}",
        id="run-headline",
        aria_label=_(word),
        data_conclusion=sentence.conclusion,
    )


def _choices(needed: float, score: Score) -> Node:
    offered = sorted({*headlines.CHOICES, needed})
    buttons = [
        choice(
            decimal(share, 2) if score.unit == "number" else f"{decimal(share * 100)} %",
            {"need": f"{share * 100:g}"},
            pressed=abs(share - needed) < 1e-9,
            cls="segment",
        )
        for share in offered
    ]
    label = (
        _("Right answers that your purpose needs")
        if score.key == "accuracy"
        else _("{score} that your purpose needs", score=_(score.title))
    )
    return el(
        "div",
        el("span", label, cls="muted"),
        el("div", buttons, cls="segments"),
        cls="headline-needed",
        role="group",
        aria_label=label,
    )


def _needed(query: Mapping[str, str]) -> float | None:
    try:
        share = float(query.get("need") or "") / 100
    except ValueError:
        return None
    return share if 0 < share <= 1 else None


def _answers(user_id: str, run: RunDetails) -> Node:
    """The first answers, as they are: no number says whether they are right."""
    page = predictions.page(user_id, run.id, limit=SHOWN_ANSWERS)
    rows = [
        el(
            "li",
            el("p", _short(row.input), cls="muted"),
            el("p", el("b", _("Tuned model: ")), _short(row.answer) or _("(nothing)")),
            el("p", el("b", _("Base model: ")), _short(row.base_answer or "") or _("(nothing)"), cls="muted"),
            el("p", el("b", _("In the data: ")), _short(row.expected), cls="muted"),
        )
        for row in page.rows
    ]
    return el("ol", rows, cls="headline-answers", id="run-headline-answers") if rows else ""


def _short(text: str) -> str:
    return text if len(text) <= ANSWER_CHARACTERS else text[: ANSWER_CHARACTERS - 1] + "…"


def verdict_list(run: RunDetails, found: Sequence[Verdict], sentence: Headline | None) -> list[Node]:
    """Everything that matters in full, and what matters little folded below it."""
    marked = rules.mark_minor(found, sentence)
    full = [verdict for verdict in marked if not verdict.minor]
    minor = [verdict for verdict in marked if verdict.minor]
    if not full and sentence is None:
        full = [_quiet(run)]
    words = ngettext("{number} further note", "{number} further notes", len(minor))
    return [
        el(
            "ul",
            [_verdict(run, verdict) for verdict in full],
            cls="verdicts",
            id="run-verdicts",
            aria_label=_("Verdict"),
        )
        if full
        else "",
        el(
            "details",
            el("summary", words),
            el("ul", [_verdict(run, verdict) for verdict in minor], cls="verdicts", aria_label=words),
            cls="more",
            id="run-notes-minor",
        )
        if minor
        else "",
    ]


def _verdict(run: RunDetails, verdict: Verdict) -> Node:
    mark, severity = SEVERITIES[verdict.severity]
    word = _(severity)
    remedy = verdict.remedy
    return el(
        "li",
        el("span", mark, cls="verdict-mark", aria_hidden="true"),
        el(
            "div",
            el("strong", el("span", f"{word}: ", cls="sr-only"), verdict.title),
            el("p", verdict.evidence, " " if verdict.tip else None, el("span", verdict.tip, cls="verdict-tip")),
            el("p", el("a", _(remedy.words), href=_remedy_address(run, verdict), cls="button small verdict-remedy"))
            if remedy
            else None,
        ),
        cls=f"verdict verdict-{verdict.severity}",
    )


def _remedy_address(run: RunDetails, verdict: Verdict) -> str:
    """The wizard, filled in like this run but for what the remedy changes; or the page where the cause is mended."""
    assert verdict.remedy is not None
    data = f"/datasets?{urlencode({'id': run.dataset.id})}"
    pages = {
        "data": data,
        "split": f"{data}#report-split",
        "methods": f"/experiments?{urlencode({'run': run.id})}",
        "model": f"/new?{urlencode({'clone': run.id, 'step': 'model'})}",
    }
    if verdict.remedy.page:
        return pages[verdict.remedy.page]
    changes = {f"training.{name}": json.dumps(value) for name, value in (verdict.remedy.training or {}).items()}
    return f"/new?{urlencode({'clone': run.id, **changes})}"


def _quiet(run: RunDetails) -> Verdict:
    if run.state == "queued":
        return Verdict("info", _("Waiting for its turn."), _("You can close this page; the run starts by itself."), "")
    if run.state == "succeeded":
        return Verdict("info", _("Finished."), _("No rule found anything unusual."), "")
    return Verdict("info", _("Nothing unusual so far."), _("You can close this page; training continues."), "")
