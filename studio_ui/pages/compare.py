"""Compare: several runs beside the base model."""

from studio_ui.pages.page import Page

COMPARE = Page(
    path="/compare",
    title="Compare",
    nav_label="Compare",
    purpose="Two to ten runs side by side with the base model: results, curves and which settings differ.",
    script="compare.js",
    container="compare-page",
    charts=True,
)
