"""Data: upload a file, read the report about it, put right what is wrong, save versions."""

from studio_ui.pages.datasets.layout import build
from studio_ui.pages.page import Page

DATASETS = Page(
    path="/datasets",
    title="Data",
    nav_label="Data",
    purpose="Upload labelled data and see exactly what is good and what needs attention before anything is trained.",
    build=build,
)
