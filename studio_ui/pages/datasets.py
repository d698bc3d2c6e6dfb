"""Data: upload a file, read the report about it, correct the mapping."""

from studio_ui.pages.page import Page

DATASETS = Page(
    path="/datasets",
    title="Data",
    nav_label="Data",
    purpose="Upload labelled data and see exactly what is good and what needs attention before anything is trained.",
    script="data.js",
    container="datasets-page",
)
