"""Every component shows alone, with nothing of a page around it."""

from playwright.sync_api import expect

from studio_ui.app import build_pages
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.pages.parts import PARTS

# What must be seen in the part, so that an empty component fails.
SEEN = {
    "view": "A view shows what Python describes.",
    "choice-cards": "Full fine-tuning",
    "curves": "Loss",
    "confusion-matrix": "complaint",
    "calibration": "100 rows",
    "pareto": "Time",
    "pick-list": "Scales activations.",
    "save-rows": "Download as CSV",
    "upload": "CSV, Excel, JSON",
    "column-meaning": "Where is my parcel?",
    "data-rows": "Two.",
    "setting-marks": "Rank",
    "step-controls": "Next",
    "run-table": "No runs yet.",
    "comparison": "compare",
}


def subclasses(base: type) -> set[type]:
    return {found for child in base.__subclasses__() for found in (child, *subclasses(child))}


def test_every_component_is_among_the_parts():
    shown = {type(block) for block in build_pages().blocks.values() if getattr(block, "page", "") == "parts"}
    assert {kind.__name__ for kind in subclasses(BrowserComponent)} - {kind.__name__ for kind in shown} == set()
    assert set(SEEN) == {name for name, _ in PARTS}


def test_every_component_describes_its_value():
    for block in build_pages().blocks.values():
        if isinstance(block, BrowserComponent):
            assert isinstance(block.api_info(), dict), type(block).__name__
            block.example_payload()


def test_each_part_shows_alone_without_complaints(signed_in):
    watched = signed_in()
    for name, words in SEEN.items():
        page = watched.open(f"/parts?part={name}")
        expect(page.locator(".tabitem:visible").get_by_text(words).first).to_be_visible()
    assert watched.complaints == [] and watched.foreign == []


def test_reset_of_a_marked_field_brings_its_default_back(signed_in):
    page = signed_in().open("/parts?part=setting-marks")
    rank = page.get_by_role("spinbutton", name="Rank")
    expect(rank).to_have_value("16")
    page.get_by_role("button", name="default").click()
    expect(rank).to_have_value("8")
