"""Experiments: many methods or settings on the same data, with one table at the end."""

from studio_ui.pages.page import Page

EXPERIMENTS = Page(
    path="/experiments",
    title="Experiments",
    nav_label="Experiments",
    purpose="Several methods or settings on the same data under the same conditions: one table, and advice at the end.",
    script="experiments.js",
    container="experiments-page",
    charts=True,
)
