"""Parts: every component alone, with examples; for whoever builds with them, and for their tests in the browser.

`/parts` shows all of them, `/parts?part=<name>` one. A new component is one line in ``PARTS``.
"""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from app.services.evaluation.calibration import Calibration, ReliabilityBin, Threshold
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.calibration import CalibrationChart
from studio_ui.components.choice_cards import Card, ChoiceCards
from studio_ui.components.column_meaning import MeaningChoice
from studio_ui.components.comparison import ComparisonBoard
from studio_ui.components.confusion_matrix import ConfusionMatrix, Matrix
from studio_ui.components.curves import Chart, CurveNews, Curves, Line, Mark
from studio_ui.components.data_rows import DataRows
from studio_ui.components.nodes import Node, action, banner, facts
from studio_ui.components.pareto import Cost, Pareto, ParetoPoint, ParetoPoints
from studio_ui.components.pick_list import PickList
from studio_ui.components.run_table import RunTable
from studio_ui.components.save_rows import SaveRows
from studio_ui.components.setting_marks import SettingMarks
from studio_ui.components.step_controls import StepControls, StepWords
from studio_ui.components.upload import DataUpload
from studio_ui.components.view import View
from studio_ui.pages.page import Page
from studio_ui.session import listen

STEPS = 40
LABELS = ("question", "order", "complaint")
COUNTS = ((18, 2, 0), (3, 25, 1), (0, 4, 12))


def show_view() -> BrowserComponent:
    """A view with an action."""
    return View(lambda user_id, query: _view_nodes(), elem_id="part-view")


def _view_nodes() -> list[Node]:
    return [
        banner("info", "A view shows what Python describes.", "It asks again while something may change."),
        facts([("Rows", "1,842"), ("Labels", "7")]),
        action("Remove", "remove", 7, look="stop", confirm=("Remove it?", "This cannot be undone.", "Remove")),
    ]


def show_choice_cards() -> BrowserComponent:
    """Two cards, one recommended."""
    cards = [
        Card("lora", "LoRA", badge="Recommended", lines=["Trains small matrices."], why="it fits most data."),
        Card("full", "Full fine-tuning", lines=["Trains every weight."]),
    ]
    return ChoiceCards("lora", legend="Method", group="part-method", cards=cards)


def show_curves() -> BrowserComponent:
    """A falling loss."""
    charts = [Chart("Loss", [Line("train/loss", "training", smooth=True), Line("eval/loss", "evaluation")])]
    train = [[step, 2.0 / (1 + step / 8) + 0.1 * (step % 3), step] for step in range(1, STEPS + 1)]
    check = [[step, 2.1 / (1 + step / 9), step] for step in range(10, STEPS + 1, 10)]
    news = CurveNews(
        {"train/loss": train, "eval/loss": check},
        after=STEPS,
        charts=charts,
        marks=[Mark(30, 30.0, "★", "Best checkpoint")],
        steps_per_pass=10,
    )
    return Curves(lambda user_id, query, after: news if after is None else CurveNews({}, STEPS), prefix="part-curves")


def show_confusion_matrix() -> BrowserComponent:
    """Three labels."""
    return ConfusionMatrix(lambda user_id, query: Matrix(LABELS, COUNTS))


def show_calibration() -> BrowserComponent:
    """A model that is a little too sure."""
    bins = [
        ReliabilityBin(n / 10, (n + 1) / 10, 10, n / 10 + 0.05, max(0.0, n / 10 - 0.03), [n / 20, 0.9])
        for n in range(10)
    ]
    thresholds = [Threshold(n / 100, 100 - n, 80 - 4 * n // 5, {}) for n in range(101)]
    found = Calibration(100, 0.08, 0.8, 0.72, [0.62, 0.8], bins, thresholds)
    return CalibrationChart(lambda user_id, query: found)


def show_pareto() -> BrowserComponent:
    """Three methods, quality against time."""
    points = [
        ParetoPoint(name, name, at, quality, None, {"seconds": seconds})
        for at, (name, quality, seconds) in enumerate(
            (("LoRA", 0.91, 60.0), ("(IA)3", 0.86, 35.0), ("Full", 0.92, 240.0))
        )
    ]
    metric = {"key": "accuracy", "title": "Accuracy", "unit": "share", "higher_is_better": True}
    found = ParetoPoints(metric, 0.7, points)
    return Pareto(lambda user_id, query: found, costs=[Cost("seconds", "Time", "seconds")])


def show_pick_list() -> BrowserComponent:
    """Two methods to tick."""
    choices = [
        {"value": "lora", "title": "LoRA", "words": "Trains small matrices.", "note": "about 1 min"},
        {"value": "ia3", "title": "(IA)3", "words": "Scales activations.", "note": "about 1 min"},
    ]
    return PickList(["lora"], title="Methods", noun="method", choices=choices)


def show_save_rows() -> BrowserComponent:
    """Two rows as CSV."""
    return SaveRows({"name": "replies.csv", "rows": [["Prompt", "Reply"], ["Hello", "Hi"]]})


def show_upload() -> BrowserComponent:
    """The place to drop a file; what is sent becomes one's own data set."""
    return DataUpload()


def show_column_meaning() -> BrowserComponent:
    """Two columns of a table of support requests."""
    return MeaningChoice(
        {
            "columns": ["message", "team"],
            "rows": [{"message": "Where is my parcel?", "team": "delivery"}],
            "task_type": "text-classification",
            "mapping": {"text": "message", "label": "team"},
            "action": "Check again",
            "always": True,
        }
    )


def show_data_rows() -> BrowserComponent:
    """A table of two rows."""
    rows = [
        {"_id": n, "_line": n + 2, "cells": {"text": text, "label": LABELS[n]}}
        for n, text in enumerate(("How?", "Two."))
    ]
    about = {
        "id": "example",
        "version": 1,
        "version_id": "example-1",
        "columns": {"text": "text", "label": "label"},
        "conversations": [],
        "labels": list(LABELS),
        "problems": [],
    }
    page = {
        "columns": ["text", "label"],
        "rows": rows,
        "matching": len(rows),
        "after": None,
        "lost_lines": 0,
        "selection": "",
        "narrowed": False,
        "about": about,
    }
    return DataRows(lambda user_id, query, after, known, many: page)


def show_setting_marks() -> BrowserComponent:
    """A native field that differs from its default."""
    field = gr.Number(16, label="Rank", info="Size of the update. Default 8.", interactive=True, elem_id="part-rank")
    marks = SettingMarks({"part-rank": {"title": "Rank", "changed": True, "wrong": ""}})
    listen(
        marks.reset,
        lambda: (8, gr.update(marks={"part-rank": {"title": "Rank", "changed": False, "wrong": ""}})),
        None,
        [field, marks],
    )
    return marks


def show_step_controls() -> BrowserComponent:
    """The foot of a walkthrough of two steps."""
    with gr.Walkthrough(selected=0, elem_id="part-steps"):
        for at, title in enumerate(("Data", "Review")):
            with gr.Step(title, id=at):
                gr.Markdown(f"The step *{title}*.")
    words = [StepWords("data", "Data"), StepWords("review", "Review")]
    status: dict[str, Any] = {
        "subject": "example",
        "step": "data",
        "draft": None,
        "missing": "",
        "values": {},
        "closed": False,
        "done": False,
    }
    return StepControls(
        words, stepper="part-steps", subject="example", storage_key="parts", start_words="Start", status=status
    )


def show_run_table() -> BrowserComponent:
    """One's own runs."""
    return RunTable()


def show_comparison() -> BrowserComponent:
    """The runs that the address names by ``runs``."""
    return ComparisonBoard()


PARTS: tuple[tuple[str, Callable[[], BrowserComponent]], ...] = (
    ("view", show_view),
    ("choice-cards", show_choice_cards),
    ("curves", show_curves),
    ("confusion-matrix", show_confusion_matrix),
    ("calibration", show_calibration),
    ("pareto", show_pareto),
    ("pick-list", show_pick_list),
    ("save-rows", show_save_rows),
    ("upload", show_upload),
    ("column-meaning", show_column_meaning),
    ("data-rows", show_data_rows),
    ("setting-marks", show_setting_marks),
    ("step-controls", show_step_controls),
    ("run-table", show_run_table),
    ("comparison", show_comparison),
)


def build(blocks: gr.Blocks) -> None:
    """A tab for each component; tabs are mounted when they are opened, so each shows alone."""
    with gr.Tabs(elem_id="parts") as tabs:
        for name, show in PARTS:
            with gr.Tab(name, id=name, elem_id=f"part-{name}"):
                gr.Markdown(f"{show.__doc__}")
                show()
    listen(blocks.load, choose, None, tabs)


def choose(request: gr.Request) -> Any:
    """Open the tab that the address names."""
    query: Mapping[str, str] = dict(request.query_params)
    wanted = query.get("part", PARTS[0][0])
    return gr.Tabs(selected=wanted) if wanted in dict(PARTS) else gr.skip()


PARTS_PAGE = Page(
    path="/parts",
    title="Parts",
    nav_under="/models",
    purpose="Every component of these pages alone, with an example, for whoever builds with them.",
    build=build,
    charts=True,
)
