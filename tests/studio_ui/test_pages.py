"""Every declared page is served to people who are signed in and to nobody else; assets and lost pages too."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.services.accounts import accounts
from studio_ui.asset_files import ASSET_FOLDER, address
from studio_ui.pages import PAGES, page_at
from tests.app.wire import ask

LIGHT = """
import sys
import studio_ui.app, studio_ui.frame, studio_ui.pages
print(sorted(name for name in ("torch", "transformers", "peft", "gradio", "app.services") if name in sys.modules))
"""


@pytest.fixture
def web(studio_home):
    from studio.web import create_web

    return create_web()


@pytest.fixture
def cookie(web, owner):
    _, value = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner))
    return {"cookie": f"studio-session-7860={value}", "accept": "text/html"}


def test_every_page_is_served_with_its_words(web, cookie):
    for page in PAGES:
        answer = ask(web, "GET", page.path, headers=cookie)
        text = answer.body.decode()
        assert answer.status == 200, page.path
        assert text.count("<title>") == 1 and (page.title in text) and page.container in text
        assert re.search(rf'<script type="module" src="/assets/studio/v[0-9a-f]+/{page.script}"', text)
        assert text.count("aria-current=page") == 1
        assert "githubusercontent" not in text


def test_nobody_else_sees_a_page(web):
    for page in PAGES:
        answer = ask(web, "GET", page.path, headers={"accept": "text/html"})
        assert (answer.status, answer.headers["location"]) == (302, "/sign-in")


def test_unknown_page_answers_404_with_a_link_home(web, cookie):
    answer = ask(web, "GET", "/no-such-page", headers=cookie)
    assert answer.status == 404 and "There is no page at this address." in answer.body.decode()
    assert b'href="/"' in answer.body


def test_programs_still_get_json_for_what_is_missing(web, cookie):
    for path in ("/api/v1/nothing", "/assets/studio/nothing.js"):
        answer = ask(web, "GET", path, headers={**cookie, "accept": "*/*"})
        assert answer.status == 404 and b"<html" not in answer.body


def test_every_asset_is_served_and_checked_for_changes(web, cookie):
    names = [each.name for each in ASSET_FOLDER.iterdir()] + ["plotly.min.js"]
    for name in names:
        answer = ask(web, "GET", f"/assets/studio/{name}", headers=cookie)
        assert answer.status == 200, name
        assert answer.headers["cache-control"] == "no-cache" and "etag" in answer.headers
    assert ask(web, "GET", "/assets/studio/../app.py", headers=cookie).status == 404


def test_only_our_scripts_and_styles_are_public(web):
    """The page behind a read-only link is made of them; they are the same for everybody."""
    for name in ("studio.js", "compare.js", "studio.css", "plotly.min.js"):
        assert ask(web, "GET", f"/assets/studio/{name}").status == 200, name
    for path in ("studio.js/", "../app.py", "pages/run.py", "STUDIO.JS", "studio.js%00", "", "a/studio.js"):
        assert ask(web, "GET", f"/assets/studio/{path}").status in (302, 400, 401, 404), path
    for path in ("/static/js/index.js", "/assets/index.js", "/svelte/svelte.js", "/theme.css"):
        assert ask(web, "GET", path).status == 401, path
    assert ask(web, "POST", "/assets/studio/studio.js").status in (401, 403)


def test_scripts_exist_and_never_write_markup():
    for page in PAGES:
        assert (ASSET_FOLDER / page.script).is_file()
    for script in ASSET_FOLDER.glob("*.js"):
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), script.name


def test_declarations_are_distinct_and_complete():
    assert len({page.path for page in PAGES}) == len({page.container for page in PAGES}) == len(PAGES)
    for page in PAGES:
        assert page.purpose.endswith(".") and page_at(page.path) is page
        assert page.nav_label or page_at(page.nav_under), "a page without a menu entry belongs to one that has it"


def test_importing_the_pages_is_light():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_stay_small():
    for file in [*ASSET_FOLDER.glob("*"), *Path(ASSET_FOLDER.parent).rglob("*.py")]:
        assert len(file.read_text().splitlines()) < 400, file.name


def test_an_address_that_names_a_version_is_kept_for_good_and_packed_once(web, cookie):
    ours = address("compare.js")
    answer = ask(web, "GET", ours, headers={**cookie, "accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == (ASSET_FOLDER / "compare.js").read_bytes()
    plain = ask(web, "GET", ours, headers=cookie)
    assert plain.body == (ASSET_FOLDER / "compare.js").read_bytes() and "content-encoding" not in plain.headers
    # A page that was opened before an update still gets what it asks for, and asks again the next time.
    older = ask(web, "GET", "/assets/studio/v0123456789ab/compare.js", headers=cookie)
    assert older.status == 200 and older.headers["cache-control"] == "no-cache"


def test_a_page_names_every_module_that_it_will_import(web, cookie):
    text = ask(web, "GET", "/compare", headers=cookie).body.decode()
    named = set(re.findall(r'rel="modulepreload" href="[^"]*/([a-z_]+\.js)"', text))
    waiting = [*named]
    for name in waiting:
        waiting += [
            each
            for each in re.findall(r'from "\./([a-z_]+\.js)"', (ASSET_FOLDER / name).read_text())
            if each not in waiting
        ]
    assert "charts.js" in named and set(waiting) == named
