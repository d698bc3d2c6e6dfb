"""Views are answered while Gradio still starts."""

import re

from playwright.sync_api import expect

from studio_ui.app import build_pages
from studio_ui.early_answers import early_parts
from tests.app.wire import ask

# Counts how often a page's views ask Gradio's own route.
ASKED = "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('component_server')).length"


def test_head_asks_for_the_views_that_show_at_once(web, cookie):
    text = ask(web, "GET", "/models", headers=cookie).body.decode()
    parts = re.search(r"for\(const part of \[([\d, ]+)\]\)", text)
    assert [int(part) for part in parts[1].split(", ")] and text.index("window.early") < text.index("</head>")
    answer = ask(web, "GET", f"/views/{parts[1].split(', ')[0]}", headers=cookie)
    assert answer.status == 200 and "base model" in answer.body.decode()


def test_early_answers_need_sign_in_and_name_a_view(web, cookie):
    assert ask(web, "GET", "/views/1", headers={"accept": "text/html"}).status in (302, 401)
    assert ask(web, "GET", "/views/999999", headers=cookie).status == 404


def test_views_inside_tabs_and_steps_are_not_asked_for():
    blocks = build_pages()
    shown = {part for parts in early_parts(blocks).values() for part in parts}
    assert shown and all(type(blocks.blocks[part].parent).__name__ not in ("Tab", "Step") for part in shown)


def test_page_takes_the_answers_instead_of_asking_again(signed_in):
    page = signed_in().open("/models")
    expect(page.locator("#tuning-methods")).to_contain_text("37 tuning methods")
    assert page.evaluate(ASKED) == 0
