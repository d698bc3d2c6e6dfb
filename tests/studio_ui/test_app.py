"""Pages are served to people who are signed in and to nobody else."""

import subprocess
import sys
from pathlib import Path

from studio_ui.asset_files import ASSET_FOLDER
from studio_ui.pages import PAGES
from tests.app.wire import ask

LIGHT = """
import sys
import studio_ui.app, studio_ui.frame, studio_ui.pages
print(sorted(name for name in ("torch", "transformers", "peft", "datasets", "sklearn") if name in sys.modules))
"""


def test_every_page_is_served_with_its_words(web, cookie):
    for page in PAGES:
        answer = ask(web, "GET", page.path, headers=cookie)
        text = answer.body.decode()
        assert answer.status == 200, page.path
        assert text.count("<title>") == 1 and (page.title in text)
        assert page.purpose in text or not page.heading
        assert text.count("aria-current=page") == 1
        assert "githubusercontent" not in text


def test_pages_need_sign_in(web):
    for page in PAGES:
        answer = ask(web, "GET", page.path, headers={"accept": "text/html"})
        assert (answer.status, answer.headers["location"]) == (302, "/sign-in")


def test_importing_the_pages_is_light():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_stay_small():
    for file in [*ASSET_FOLDER.glob("*"), *Path(ASSET_FOLDER.parent).rglob("*.py")]:
        assert len(file.read_text().splitlines()) < 400, file.name
