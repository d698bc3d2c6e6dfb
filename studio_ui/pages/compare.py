"""Compare: several runs beside the untouched base model."""

from studio_ui.pages.page import Page

COMPARE = Page(
    path="/compare",
    title="Compare",
    nav_label="Compare",
    purpose="Two to ten runs side by side with the untouched base model: results, curves and what was set differently.",
    script="compare.js",
    container="compare-page",
    charts=True,
)
