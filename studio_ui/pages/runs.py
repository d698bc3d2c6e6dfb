"""Runs: the table of all runs."""

import gradio as gr

from app.languages import gettext_noop
from studio_ui.components.run_table import RunTable
from studio_ui.pages.page import Page
from studio_ui.project_choice import build_project_choice

PURPOSE = gettext_noop("Every run with its state and result; choose several to compare them.")


def build(blocks: gr.Blocks) -> None:
    """The table, which brings its own filters and actions."""
    with gr.Column(elem_id="runs-page"):
        build_project_choice(blocks)
        RunTable(min_height=480)


RUNS = Page(path="/runs", title="Runs", nav_label="Runs", purpose=PURPOSE, build=build)
