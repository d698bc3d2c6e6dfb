"""Head and menu around every page."""

import re

import pytest

from studio_ui.asset_files import file_of
from studio_ui.frame import PRODUCT, framed, head, heading, menu
from studio_ui.pages import PAGES, page_at
from studio_ui.pages.page import Page
from tests.app.wire import ask


def test_unknown_page_answers_404_with_a_link_home(web, cookie):
    answer = ask(web, "GET", "/no-such-page", headers=cookie)
    assert answer.status == 404 and "There is no page at this address." in answer.body.decode()
    assert b'href="/"' in answer.body


def test_programs_get_json_for_what_is_missing(web, cookie):
    for path in ("/api/v1/nothing", "/assets/studio/nothing.js"):
        answer = ask(web, "GET", path, headers={**cookie, "accept": "*/*"})
        assert answer.status == 404 and b"<html" not in answer.body


def test_page_preloads_every_module_that_it_imports(web, cookie):
    text = ask(web, "GET", "/compare", headers=cookie).body.decode()
    named = set(re.findall(r'rel="modulepreload" href="[^"]*/([a-z_]+\.js)"', text))
    waiting = [*named]
    for name in waiting:
        waiting += [
            imported
            for imported in re.findall(r'from "\./([a-z_]+\.js)"', file_of(name).read_text())
            if imported not in waiting
        ]
    assert "charts.js" in named and set(waiting) == named


def test_page_without_a_menu_entry_marks_the_one_above_it():
    assert re.findall(r'href="([^"]+)" aria-current=page', menu(page_at("/run"))) == ["/runs"]
    assert "aria-current" not in menu(None)


def test_link_previews_of_gradio_are_removed_and_the_rest_stays():
    template = (
        '<html><head><meta property="og:image" content="https://x"></head><body class="b"><p>kept</p></body></html>'
    )
    text = framed(template, page_at("/runs"))
    assert "og:image" not in text and "<p>kept</p>" in text
    assert text.index("<title>") < text.index("</head>") and text.index('<body class="b">') < text.index("skip-link")


@pytest.mark.parametrize(
    ("query", "step"),
    [("", 0), ("?dataset=x", 1), ("?dataset=x&step=review", 5), ("?clone=x", 4), ("?step=%3Cb%3E", 0)],
)
def test_page_of_steps_comes_with_the_step_that_its_address_names(web, cookie, query, step):
    text = ask(web, "GET", f"/new{query}", headers=cookie).body.decode()
    assert re.findall(r'"type":"walkthrough","props":\{"selected":(\d+)', text) == [str(step)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_title_of_a_page_ends_with_the_product(page):
    title = re.findall("<title>(.*?)</title>", head(page))
    assert title == [PRODUCT if page.path == "/" else f"{page.title} · {PRODUCT}"]


def test_words_of_a_page_are_escaped():
    page = Page("/x", "<b>Title</b>", "Less < more.", lambda blocks: None)
    assert "<b>" not in heading(page) and "Less &lt; more." in heading(page)


def test_every_page_says_who_is_signed_in(web, cookie):
    for path in ("/", "/runs", "/no-such-page"):
        assert 'title="Signed in as owner">owner</a>' in ask(web, "GET", path, headers=cookie).body.decode()
    assert "&lt;b&gt;" in menu(None, "<b>") and "<b>" not in menu(None, "<b>")
