"""Compare: several runs beside the base model."""

import gradio as gr

from studio_ui.components.comparison import ComparisonBoard
from studio_ui.pages.compare_combine import build_combining
from studio_ui.pages.compare_share import build_sharing
from studio_ui.pages.page import Page


def build(blocks: gr.Blocks) -> None:
    """The comparison, with a panel for links before it and a form to combine its runs after it."""
    connect_sharing = build_sharing()
    comparison = ComparisonBoard(elem_id="compare-page", min_height=600)
    connect_sharing(comparison)
    build_combining(comparison)


COMPARE = Page(
    path="/compare",
    title="Compare",
    nav_label="Compare",
    purpose="Two to ten runs side by side with the base model: results, curves and which settings differ.",
    charts=True,
    build=build,
)
