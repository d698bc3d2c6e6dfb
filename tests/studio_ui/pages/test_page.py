"""Declarations of the pages."""

from studio_ui.pages import PAGES, page_at
from studio_ui.pages.page import Page


def test_declarations_are_distinct_and_complete():
    assert len({page.path for page in PAGES}) == len(PAGES)
    for page in PAGES:
        assert page.purpose.endswith(".") and page_at(page.path) is page
        assert page.nav_label or page_at(page.nav_under), "a page without a menu entry belongs to one that has it"


def test_page_is_found_with_and_without_a_trailing_slash():
    assert page_at("/runs/") is page_at("runs") is page_at("/runs")
    assert page_at("/") is PAGES[0] and page_at("/no-such-page") is None


def test_route_is_the_path_without_slashes():
    assert Page("/new-run", "New run", "Start one.", lambda blocks: None).route == "new-run"
