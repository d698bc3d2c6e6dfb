"""The parts of the Data page and which listener serves which."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.accordion import Accordion
from studio_ui.components.column_meaning import MeaningChoice
from studio_ui.components.data_rows import DataRows
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View, show
from studio_ui.pages.datasets import listeners
from studio_ui.pages.datasets.figures import figures
from studio_ui.pages.datasets.forms import WAY_HELP, WAYS
from studio_ui.pages.datasets.label_review import suspects
from studio_ui.pages.datasets.place import GO, PLACE
from studio_ui.pages.datasets.rows import read_page
from studio_ui.pages.datasets.sources import DataSources
from studio_ui.pages.datasets.versions_list import version_list
from studio_ui.pages.datasets.waiting import result
from studio_ui.pages.datasets.your_data import ARCHIVE, DELETE, samples, your_data
from studio_ui.project_choice import build_project_choice
from studio_ui.session import listen

SPLIT_NOTE = gettext_noop("Runs before and after this cannot be compared: they are tested on other rows.")


@dataclass(frozen=True)
class Parts:
    """The parts that listeners change."""

    place: PageState
    shown: PageState
    result: View
    rows: DataRows
    review: View
    figures: View
    versions: View
    listed: View

    @property
    def outcome(self) -> list[Any]:
        """In the order of ``listeners.Outcome``."""
        return [self.place, self.result, self.rows, self.review, self.figures, self.versions, self.listed]


def build(blocks: gr.Blocks) -> None:
    """Ways to bring data, the report with all its forms, the person's datasets, samples."""
    place, shown = PageState(), PageState()
    with gr.Column(elem_id="datasets-page"):
        build_project_choice(blocks)
        sources = DataSources()
        top = View(result, follows=PLACE, lines=0, elem_id="data-result", elem_classes="data-card")
        rows = DataRows(read_page, elem_id="report-preview", elem_classes="data-card")
        review = View(suspects, follows=["id"], lines=0, elem_id="report-review", elem_classes="data-card")
        meaning = _Meaning()
        numbers = View(figures, follows=["id"], lines=0, elem_id="report-figures", elem_classes="data-card")
        split = _Split()
        with gr.Column(visible=False, elem_id="report-about") as about:
            name = gr.Textbox(
                label=_("Name of the data set (change it here)"),
                max_length=200,
                max_lines=1,
                elem_id="report-name",
                elem_classes="name-field",
            )
            history = View(version_list, follows=["id"], lines=0)
        listed = View(your_data, follows=[ARCHIVE, DELETE], elem_id="data-list", min_height=140)
        copies = View(samples, elem_id="data-samples", min_height=200)
    parts = Parts(place, shown, top, rows, review, numbers, history, listed)
    listen(blocks.load, listeners.open_sources, None, sources.tabs, queued=False)
    _listen_to_sources(parts, sources)
    _listen_to_views(parts, copies)
    meaning.listen(parts)
    split.listen(parts)
    filled = [shown, meaning.words, meaning.choice, meaning.section, meaning.reading, split.section, about, name]
    follow = listen(top.updated, listeners.follow, None, [*parts.outcome, *filled])
    listen(follow.success, None, place, None, js=GO)
    for event in (name.submit, name.blur):
        listen(event, listeners.rename, [name, shown], [name, top, listed, history])


def act(event: Any, fn: Any, inputs: Any, parts: Parts, notice: View | None = None) -> None:
    """Register a listener that returns an outcome; the page goes to its address, if it has one.

    A refusal stands in ``notice`` until the next try or other data; without it, it is a passing message.
    """
    outputs = parts.outcome
    if notice is not None:
        fn, outputs = listeners.telling(fn), [*outputs, notice]
        listen(parts.result.updated, lambda: show([]), None, notice, queued=False)
    done = listen(event, fn, inputs, outputs)
    listen(done.success, None, parts.place, None, js=GO)


def _listen_to_sources(parts: Parts, sources: DataSources) -> None:
    act(sources.upload.uploaded, listeners.uploaded, None, parts)
    act(sources.upload.refused, listeners.upload_refused, None, parts)
    for event in (sources.start.click, sources.repo.submit, sources.split.submit):
        act(event, listeners.fetch_from_hub, sources.hub_fields, parts, sources.hub_notice)
    for event in (sources.fetch.click, sources.address.submit):
        act(event, listeners.fetch_from_address, sources.address, parts, sources.address_notice)


def _listen_to_views(parts: Parts, copies: View) -> None:
    act(parts.result.action, listeners.act_on_result, None, parts)
    act(parts.rows.save, listeners.save, None, parts)
    act(parts.review.action, listeners.act_on_review, parts.rows, parts)
    act(parts.versions.action, listeners.act_on_versions, None, parts)
    act(parts.listed.action, listeners.act_on_list, None, parts)
    act(copies.action, listeners.take_sample, None, parts)
    listen(parts.rows.looked, listeners.looked, None, parts.figures)


class _Meaning:
    """What the columns mean, and how the file is read."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="report-mapping") as self.section:
            self.words = View()
            self.choice = MeaningChoice()
            self.notice = View(lines=0, elem_id="mapping-notice")
            with Accordion(_("Read the file in another way"), open=False, elem_id="report-reading") as self.reading:
                self.note = View()
                with gr.Row():
                    self.fields: list[Any] = [
                        gr.Dropdown(label=_("Sheet"), allow_custom_value=True, elem_id="reading-sheet"),
                        gr.Number(
                            label=_("Row with the column names"),
                            info=_("Rows above it are left out."),
                            precision=0,
                            minimum=1,
                            elem_id="reading-header",
                        ),
                        gr.Dropdown(
                            label=_("Encoding"),
                            info=_("Another one if letters with accents look wrong."),
                            elem_id="reading-encoding",
                        ),
                        gr.Dropdown(label=_("Fields are separated by"), elem_id="reading-delimiter"),
                    ]
                self.fields.append(
                    gr.CheckboxGroup(
                        label=_("Put right while reading"),
                        info=_("What the file needs, or may need; take a mark away to read it as it is written."),
                        elem_id="reading-repairs",
                    )
                )
                self.seen = View()
                self.keep = gr.Button(
                    _("Read it like this"), variant="primary", interactive=False, elem_id="reading-keep"
                )
                self.reading_notice = View(lines=0, elem_id="reading-notice")

    def listen(self, parts: Parts) -> None:
        """Register the listeners."""
        form = [self.note, *self.fields, self.keep, self.seen]
        chosen = [*self.fields, parts.shown]
        listen(self.reading.expand, listeners.open_reading, parts.shown, form)
        for field in self.fields:
            listen(field.input, listeners.look_at_reading, chosen, [self.seen, self.keep], trigger_mode="always_last")
        act(self.keep.click, listeners.read_otherwise, chosen, parts, self.reading_notice)
        act(self.choice.check, listeners.check_meaning, parts.shown, parts, self.notice)


class _Split:
    """How rows are split."""

    def __init__(self) -> None:
        with (
            gr.Column(visible=False, elem_id="report-split") as self.section,
            Accordion(_("Change the split"), open=False, elem_id="splits-change") as self.box,
        ):
            self.now = View()
            self.way = gr.Radio(WAYS, label=_("Way"), info=WAY_HELP["ratio"], elem_id="splits-way")
            self.column = gr.Dropdown(label=_("Column"), visible=False, elem_id="splits-column")
            with gr.Row():
                self.validation = gr.Number(
                    label=_("Validation, %"), minimum=1, maximum=40, elem_id="splits-validation"
                )
                self.test = gr.Number(label=_("Test, %"), minimum=1, maximum=40, elem_id="splits-test")
            gr.Markdown(_(SPLIT_NOTE))
            self.make = gr.Button(_("Make the new split"), variant="primary", elem_id="splits-save")
            self.notice = View(lines=0, elem_id="splits-notice")

    def listen(self, parts: Parts) -> None:
        """Register the listeners."""
        fields = [self.now, self.way, self.column, self.validation, self.test]
        listen(self.box.expand, listeners.open_split, parts.shown, fields)
        listen(self.way.input, listeners.choose_way, self.way, [self.way, self.column])
        chosen = [self.way, self.column, self.validation, self.test, parts.shown]
        act(self.make.click, listeners.make_split, chosen, parts, self.notice)
