"""What a model that writes will see of the rows: three examples with the loss mask, lengths, and what is truncated."""

from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.runs import loss_mask_previews
from app.services.runs.loss_mask_previews import LengthHistogram, LossMaskPreview, PreviewedExample
from studio_ui.components.nodes import Node, banner, el
from studio_ui.formats import count, percent
from studio_ui.pages.new_run.draft import Draft, task_of

LOOKS = {"read": "", "learned": "seen-learned", "cut": "seen-cut"}
WORDS = {
    "read": gettext_noop("context: "),
    "learned": gettext_noop("in the loss: "),
    "cut": gettext_noop("truncated: "),
}


def supervision_nodes(user_id: str, draft: Draft, data_task: str) -> list[Node]:
    """The section of the review; nothing for tasks with labels."""
    if task_of(draft.task_type).family != "generation" or data_task != draft.task_type:
        return []
    try:
        preview = loss_mask_previews.preview(
            user_id, draft.dataset_id, base_model=draft.base_model, method=draft.spec, training=draft.training
        )
        content = _content(preview)
    except StudioError as error:
        content = [banner("error", error.message, error.hint, error.code)]
    title = el("h3", _("What the loss covers"))
    return [el("section", title, content, id="supervision", cls="report-part", aria_live="polite")]


def _content(preview: LossMaskPreview) -> list[Node]:
    by_turns = preview.template or preview.separate
    about = (
        _("The encoder reads the source, the decoder writes the target, each up to the maximum length. ")
        if preview.separate
        else _("Conversations are written by the chat template: {template}. ", template=preview.template)
        if preview.template
        else _("Running text is read in pieces; nothing is cut. ")
    )
    learned = (
        _("The loss covers only the marked parts, what the model is to write; the rest is context.")
        if by_turns and preview.learn_from == "answers"
        else _("The loss covers everything that is marked.")
    )
    legend = el(
        "p",
        el("span", _("in the loss"), cls="seen-learned"),
        el("span", _("context")),
        el("span", _("truncated"), cls="seen-cut"),
        cls="seen-legend small",
    )
    return [
        el("p", about + learned, cls="muted"),
        legend,
        *_length_words(preview),
        _histogram(preview.lengths, preview.max_length),
        el("div", [_example(example) for example in preview.examples], cls="seen-examples"),
    ]


def _length_words(preview: LossMaskPreview) -> list[Node]:
    share = (
        _(
            " (counted on {counted_rows} of {preview_rows} rows)",
            counted_rows=count(preview.counted_rows),
            preview_rows=count(preview.rows),
        )
        if preview.counted_rows < preview.rows
        else ""
    )
    cut = (
        _(
            "{cut_rows} rows ({cut_rows_2}) are longer than {max_length} tokens and lose their end{share}.",
            cut_rows=count(preview.cut_rows),
            cut_rows_2=percent(preview.cut_rows / preview.counted_rows),
            max_length=count(preview.max_length),
            share=share,
        )
        if preview.cut_rows
        else _("No row is cut at {max_length} tokens{share}.", max_length=count(preview.max_length), share=share)
    )
    mean = _(
        "On average {mean} tokens, at most {longest}.",
        mean=f"{preview.lengths.mean:.0f}",
        longest=count(preview.lengths.longest),
    )
    found: list[Node] = [el("p", f"{cut} {mean}", id="supervision-cut", cls="small")]
    if preview.left_out_rows:
        words = _(
            "{left_out_rows} rows are left out: their answers begin after the longest text. Allow more tokens in the settings to use them.",
            left_out_rows=count(preview.left_out_rows),
        )
        found.append(el("p", words, cls="notice small"))
    return found


def _histogram(lengths: LengthHistogram, limit: int) -> Node:
    most = max([1, *(bar.rows for bar in lengths.bars)])
    bars = [
        el(
            "span",
            cls="bar-cut" if bar.cut else "",
            title=_("{start} to {end} tokens: {bar_rows} rows", start=bar.start, end=bar.end, bar_rows=count(bar.rows)),
            style=f"height: {max(3.0, 100 * bar.rows / most) if bar.rows else 0:g}%",
        )
        for bar in lengths.bars
    ]
    label = _(
        "Histogram of lengths from 0 to {longest} tokens; the longest text is {limit}",
        longest=lengths.longest,
        limit=limit,
    )
    axis = el(
        "div",
        el("span", "0"),
        el("span", _("{longest} tokens", longest=count(lengths.longest))),
        cls="histogram-axis",
        aria_hidden="true",
    )
    return el("div", el("div", bars, cls="histogram", role="img", aria_label=label), axis)


def _example(example: PreviewedExample) -> Node:
    parts: list[Node] = [
        el("span", el("span", _(WORDS[part.kind]), cls="sr-only"), part.text, cls=LOOKS[part.kind])
        for part in example.parts
    ]
    cut = next((at for at, part in enumerate(example.parts) if part.kind == "cut"), None)
    if cut is not None:
        parts.insert(cut, el("span", "✂", cls="seen-cut-mark", aria_hidden="true"))
    words = _(
        "Row {line}: {tokens} tokens, {learned_tokens} of them in the loss{value}.",
        line=count(example.line),
        tokens=count(example.tokens),
        learned_tokens=count(example.learned_tokens),
        value=_("; the end is truncated") if example.cut else "",
    )
    return el(
        "figure",
        el("figcaption", words, cls="muted small"),
        el("p", parts, cls="seen-text", tabindex="0"),
        cls="seen-example",
    )
