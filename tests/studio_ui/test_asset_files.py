"""Scripts, styles and the chart library: public, compressed, cached under versioned addresses."""

import gzip
import re

from studio_ui.asset_files import ASSET_FOLDER, CHART_LIBRARY, FOLDERS, address, chart_library, file_of, modules
from tests.app.wire import ask


def test_every_asset_is_served_and_checked_for_changes(web, cookie):
    names = [path.name for path in ASSET_FOLDER.iterdir()] + ["plotly.min.js"]
    for name in names:
        answer = ask(web, "GET", f"/assets/studio/{name}", headers=cookie)
        assert answer.status == 200, name
        assert answer.headers["cache-control"] == "no-cache" and "etag" in answer.headers
    assert ask(web, "GET", "/assets/studio/../app.py", headers=cookie).status == 404


def test_only_own_scripts_and_styles_are_public(web):
    """The page behind a read-only link is made of them; they are the same for everybody."""
    for name in ("studio.js", "comparison.js", "studio.css", "view.js", "plotly.min.js"):
        assert ask(web, "GET", f"/assets/studio/{name}").status == 200, name
    for path in ("studio.js/", "../app.py", "pages/run.py", "STUDIO.JS", "studio.js%00", "", "a/studio.js"):
        assert ask(web, "GET", f"/assets/studio/{path}").status in (302, 400, 401, 404), path
    for path in ("/static/js/index.js", "/assets/index.js", "/svelte/svelte.js", "/theme.css"):
        assert ask(web, "GET", path).status == 401, path
    assert ask(web, "POST", "/assets/studio/studio.js").status in (401, 403)


def test_versioned_address_is_cached_for_good_and_compressed(web, cookie):
    newest = address("comparison.js")
    answer = ask(web, "GET", newest, headers={**cookie, "accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == file_of("comparison.js").read_bytes()
    plain = ask(web, "GET", newest, headers=cookie)
    assert plain.body == file_of("comparison.js").read_bytes() and "content-encoding" not in plain.headers
    # A page that was opened before an update still gets what it asks for, and asks again the next time.
    older = ask(web, "GET", "/assets/studio/v0123456789ab/comparison.js", headers=cookie)
    assert older.status == 200 and older.headers["cache-control"] == "no-cache"


def test_scripts_exist_and_never_write_markup():
    for script in (path for folder in FOLDERS for path in folder.glob("*.js")):
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), script.name


def test_chart_library_is_found_without_importing_it():
    assert chart_library().name == CHART_LIBRARY and chart_library().stat().st_size > 1_000_000


def test_imports_of_imports_are_modules_of_a_script():
    found = modules("comparison.js")
    assert found[0] == "comparison.js" and len(set(found)) == len(found)
    for name in found:
        assert set(re.findall(r'from "\./([a-z_]+\.js)"', file_of(name).read_text())) <= set(found)
