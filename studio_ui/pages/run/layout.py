"""Where the parts of the run page stand, and what each press leads to."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.calibration import CalibrationChart
from studio_ui.components.confusion_matrix import ConfusionMatrix
from studio_ui.components.curves import Curves
from studio_ui.components.nodes import el
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View
from studio_ui.pages.run import answers, certainty, changes, config, files, header, kept_steps, log, scores
from studio_ui.pages.run.learning_curves import read_curves
from studio_ui.pages.run.sharing import build_sharing
from studio_ui.session import listen

NAME = gettext_noop("Name of the run (change it here)")
NOTE = gettext_noop("Write a note: what was tried, what to do next")
SHRINK = gettext_noop(
    "Keeps the strongest directions of what changed: a download of a few megabytes instead of the whole model. It is tested "
    "beside this run, so you see what it costs."
)
# The tab that is open is kept in the address, which may be shared.
REMEMBER_TAB = """() => requestAnimationFrame(() => {
  const tab = document.querySelector("#run-tabs [role=tab][aria-selected=true]");
  tab?.scrollIntoView({ block: "nearest", inline: "center" });
  if (tab) history.replaceState(history.state, "", location.pathname + location.search + "#" + tab.dataset.tabId);
})"""
SHOW_TAB = """() => setTimeout(() => {
  const tab = document.querySelector("#run-tabs [role=tab][aria-selected=true]"), row = tab?.parentElement;
  if (tab) row.scrollLeft += tab.getBoundingClientRect().left - row.getBoundingClientRect().left - row.clientWidth / 2 + tab.clientWidth / 2;
}, 60)"""
# A tab that somebody has opened while the page asked stays open.
OPEN_TAB = """(first) => {
  const now = decodeURIComponent(location.hash.slice(1));
  if (!first?.open) return { __type__: "update" };
  return { __type__: "update", selected: now && now !== first.asked ? now : first.open };
}"""
OPEN = "() => decodeURIComponent(location.hash.slice(1))"
GO = "(address) => { if (address) setTimeout(() => location.assign(address)); }"
SAMPLE = "() => new URLSearchParams(location.search).get('sample') || ''"
AGAIN = "() => ({ __type__: 'update', value: { version: Date.now() } })"
# A chosen cell shows its rows.
SHOW_CELL = """(cell) => {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries({ expected: cell.expected, answered: cell.answered, only: "all" })) address.searchParams.set(name, value);
  address.searchParams.delete("rows");
  address.hash = "examples";
  history.replaceState(history.state, "", address);
  return [{ __type__: "update", selected: "examples" }, { __type__: "update", value: { version: Date.now() } }];
}"""


def remember(name: str) -> str:
    """Script that puts the value of a native component into the address and lets a view ask anew.

    For ``change``: a component that the page has filled triggers no ``input`` when somebody first types into it.
    """
    return f"""(value) => {{
  const address = new URL(location.href);
  const words = value === true ? "1" : value || "";
  if (words === (address.searchParams.get("{name}") || "")) return {{ __type__: "update" }};
  if (words) address.searchParams.set("{name}", words); else address.searchParams.delete("{name}");
  address.searchParams.delete("rows");
  history.replaceState(history.state, "", address);
  return {{ __type__: "update", value: {{ version: Date.now() }} }};
}}"""


@dataclass(frozen=True)
class Top:
    """What stands above the tabs."""

    name: gr.Textbox
    about: View
    tag: gr.Dropdown
    note: gr.Textbox
    live: View


def build(blocks: gr.Blocks) -> None:
    """Header, verdicts and tiles, then the tabs, each filled when it is opened."""
    with gr.Column(elem_id="run-page"):
        top = _top()
        with gr.Tabs(selected="", elem_id="run-tabs", overflow_behavior="wrap") as tabs:
            with _tab(_("Curves"), "curves"):
                curves = Curves(read_curves, prefix="run", min_height=640)
            with _tab(_("Examples"), "examples"):
                rows, find = _examples()
            with _tab(_("Confusion"), "confusion"):
                _confusion(tabs, rows)
            with _tab(_("Labels"), "labels"):
                View(scores.label_scores)
            with _tab(_("Calibration"), "certainty"):
                _calibration()
            with _tab(_("Config"), "config"):
                changed = _config()
            with _tab(_("Checkpoints"), "checkpoints"):
                _checkpoints()
            with _tab(_("Log"), "log"):
                search = _log(top.live, curves)
            with _tab(_("Files"), "files"):
                shrinking = _files()
    listen(tabs.select, None, js=REMEMBER_TAB)
    listen(top.live.action, changes.control, None, [top.live, curves])
    opened = PageState("")
    first_tab = PageState({})
    parts = [top.name, top.note, top.tag, first_tab, shrinking, changed, find, search]
    loaded = listen(blocks.load, changes.open_page, opened, parts, queued=False, js=OPEN)
    shown = listen(loaded.then, None, first_tab, tabs, js=OPEN_TAB)
    listen(shown.then, None, js=SHOW_TAB)


def _tab(title: str, id_: str) -> gr.Tab:
    return gr.Tab(title, id=id_, elem_id=f"panel-{id_}", elem_classes="panel")


def _top() -> Top:
    # What is typed before the run has come would be overwritten by it.
    name = gr.Textbox(
        label=_(NAME),
        show_label=False,
        container=False,
        max_lines=4,
        max_length=200,
        elem_id="run-name",
        elem_classes="name-field",
        interactive=False,
    )
    about = View(header.about, lines=1, elem_id="run-about-part", min_height=60)
    with gr.Row(elem_id="run-notes", equal_height=False):
        tag = gr.Dropdown([], label=_("Add a tag"), allow_custom_value=True, elem_id="run-tag-new", interactive=False)
        note = gr.Textbox(
            label=_("Note"), placeholder=_(NOTE), max_lines=8, max_length=4000, elem_id="run-note", interactive=False
        )
    connect_sharing = build_sharing()
    live = View(header.live, lines=6, elem_id="run-live", min_height=420)
    connect_sharing(live)
    for event in (name.submit, name.blur):
        listen(event, changes.rename, name, [name, live])
    listen(note.blur, changes.note, note, note)
    listen(note.submit, changes.note, note, note)
    listen(tag.input, changes.add_tag, tag, [tag, about])
    listen(about.action, changes.mark, None, about)
    return Top(name, about, tag, note, live)


def _examples() -> tuple[View, gr.Textbox]:
    find = gr.Textbox(label=_("Search the questions and texts"), elem_id="examples-find", max_length=200)
    rows = View(answers.answers)
    step = gr.Dropdown(
        [],
        value="",
        label=_("Check after step"),
        elem_id="samples-step",
        visible=False,
        allow_custom_value=True,
    )
    samples = View(answers.samples, lines=0)
    now = PageState("")
    listen(find.change, None, find, rows, js=remember("find"))
    listen(step.input, None, step, samples, js=remember("sample"))
    listen(samples.updated, changes.sample_steps, now, step, queued=False, js=SAMPLE)
    return rows, find


def _confusion(tabs: gr.Tabs, rows: View) -> None:
    with gr.Row(elem_classes="confusion-layout"):
        matrix = ConfusionMatrix(scores.read_matrix)
        pairs = View(scores.confused_pairs)
    listen(pairs.updated, None, None, matrix, js=AGAIN)
    listen(matrix.select, None, matrix, [tabs, rows], js=SHOW_CELL)


def _calibration() -> None:
    words = View(certainty.calibration_words, lines=0)
    chart = CalibrationChart(certainty.read_calibration)
    listen(words.updated, None, None, chart, js=AGAIN)


def _config() -> gr.Checkbox:
    changed = gr.Checkbox(label=_("Only what was changed from the default"), elem_id="config-changed-only")
    View(config.cost, lines=0)
    settings = View(config.config)
    listen(changed.change, None, changed, settings, js=remember("changed"))
    return changed


def _checkpoints() -> None:
    kept = View(kept_steps.kept_steps)
    step, address = PageState(""), PageState("")
    with gr.Group(visible=False, elem_id="continue-part") as asked:
        words = gr.Markdown("")
        epochs = gr.Number(
            1,
            label=_("Epochs (passes over the data) to add"),
            info=_("The settings stay as they are; only the number of epochs grows."),
            elem_id="continue-epochs",
        )
        with gr.Row():
            start = gr.Button(_("Queue the new run"), variant="primary", elem_id="continue-start")
            close = gr.Button(_("Close"), elem_id="continue-close")
    listen(kept.action, changes.checkpoint, None, [kept, asked, words, step])
    _leads_on(listen(start.click, changes.continue_from, [step, epochs], address), address)
    listen(close.click, None, None, asked, js="() => ({ __type__: 'update', visible: false })")


def _log(live: View, curves: Curves) -> gr.Textbox:
    happened = View(log.what_happened)
    search = gr.Textbox(label=_("Search the last lines of the log"), elem_id="log-search", max_length=200)
    lines = View(log.last_lines)
    listen(happened.action, changes.control, None, [live, curves])
    listen(search.change, None, search, lines, js=remember("log"))
    return search


def _files() -> Any:
    """The parts of the tab; what is shown for full fine-tunes only."""
    address = PageState("")
    parts = View(files.files)
    # Not an accordion: a frame after its opening Gradio writes the first values of its fields over what was typed by then.
    with gr.Column(visible=False, elem_id="shrink", elem_classes="card") as shrink:
        View(value={"nodes": el("h3", _("Shrink into a LoRA"))}, lines=0)
        gr.Markdown(_(SHRINK))
        rank = gr.Number(
            32,
            precision=0,
            label=_("Rank"),
            info=_("More is nearer to the original and larger."),
            elem_id="shrink-rank",
        )
        start = gr.Button(_("Shrink"), variant="primary", elem_id="shrink-start")
    trackers = View(files.trackers, lines=0)
    _leads_on(listen(parts.action, changes.merge, None, address), address)
    _leads_on(listen(start.click, changes.shrink, rank, address), address)
    listen(trackers.action, changes.export, None, trackers)
    return shrink


def _leads_on(made: Any, address: PageState) -> None:
    """Open the page of the run that a listener has made."""
    listen(made.success, None, address, None, js=GO)
