"""Every route of Gradio for the owner of a file, for another person and for a stranger.

The table names each route of the installed Gradio, so that one that a new version adds is decided on before it is served.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio.routes import App
from starlette.types import ASGIApp

from app import storage
from app.gate import Gate
from app.services.accounts import accounts
from app.services.datasets import datasets
from studio_ui.components.browser_component import BrowserComponent
from tests.app.gate.conftest import make_plain
from tests.app.wire import ORIGIN, ask
from tests.studio.conftest import walk

WORDS = "only Anna may read this line"
FILE = ("text,label\n" + "".join(f"{WORDS} {n},{'ab'[n % 2]}\n" for n in range(40))).encode()

# Not served to anybody: a signed-in person gets 404. Files, uploads, proxies and streams are here.
SHUT = """
GET,HEAD /gradio_api/file={path_or_url:path}
GET /gradio_api/file/{path:path}
POST /gradio_api/upload
GET /gradio_api/upload_progress
GET,HEAD /gradio_api/proxy={url_path:path}
GET /gradio_api/deep_link
POST /gradio_api/stream/{event_id}
POST /gradio_api/stream/{event_id}/close
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file
POST /gradio_api/process_recording
GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}
POST /gradio_api/api/{api_name}
POST /gradio_api/api/{api_name}/
POST /gradio_api/call/{api_name}/
POST /gradio_api/call/v2/{api_name}
POST /gradio_api/call/v2/{api_name}/
GET /gradio_api/call/v2/{api_name}/{event_id}
POST /gradio_api/reset/
GET /gradio_api/queue/status
GET /gradio_api/startup-events
GET /gradio_api/user
GET /gradio_api/user/
GET /gradio_api/login_check
GET /gradio_api/login_check/
GET /gradio_api/token
GET /gradio_api/token/
GET /gradio_api/app_id/
GET /gradio_api/runs
GET /gradio_api/runs/
GET /gradio_api/info/
GET /gradio_api/openapi.json
GET /gradio_api/dev/reload
GET,POST /gradio_api/vibe-code
GET,POST /gradio_api/vibe-code/
POST /gradio_api/vibe-edit
POST /gradio_api/vibe-edit/
POST /gradio_api/undo-vibe-edit
POST /gradio_api/undo-vibe-edit/
POST /gradio_api/vibe-starter-queries
POST /gradio_api/vibe-starter-queries/
POST /login
POST /login/
GET /logout
GET /monitoring
GET /monitoring/summary
GET /monitoring/{key}
GET /pwa_icon
GET /pwa_icon/{size}
"""
# A session or an event is named: only for the person whose it is.
OWN = """
POST /gradio_api/queue/join
GET /gradio_api/queue/data
POST /gradio_api/cancel
POST /gradio_api/reset
GET /gradio_api/heartbeat/{session_hash}
POST /gradio_api/run/{api_name}
POST /gradio_api/run/{api_name}/
POST /gradio_api/call/{api_name}
GET /gradio_api/call/{api_name}/{event_id}
POST /gradio_api/component_server
POST /gradio_api/component_server/
"""
# The same for every signed-in person, byte for byte.
SAME = """
GET /config
GET /config/
GET /gradio_api/info
GET /gradio_api/app_id
GET /gradio_api/theme.css
GET /theme.css
GET /static/{path:path}
GET /assets/{path:path}
GET /svelte/{path:path}
GET /manifest.json
GET /robots.txt
"""
# Ours under a name that Gradio has, too.
ELSEWHERE = {("GET", "/favicon.ico"), ("GET", "/openapi.json"), ("HEAD", "/openapi.json")}


def _rows(table: str) -> set[tuple[str, str]]:
    lines = (line.partition(" ") for line in table.split("\n") if line)
    return {(method, path) for methods, _, path in lines for method in methods.split(",")}


@dataclass
class People:
    """The owner of a file with a running event, another person, and where the file lies."""

    owner: dict[str, str]
    other: dict[str, str]
    ids: tuple[bytes, bytes]
    dataset: str
    values: dict[str, str]


@pytest.fixture
def people(studio_home: Any, owner: str, tmp_path: Path) -> People:
    given = tmp_path / "anna.csv"
    given.write_bytes(FILE)
    dataset = datasets.import_file(owner, (given, given.name))
    path = next(path for path in (storage.data_dir() / "datasets").rglob("*") if path.is_file())
    users = (owner, accounts.add_user("Bob").id)
    headers = [{"authorization": f"Bearer {accounts.create_token(user)}", "origin": ORIGIN} for user in users]
    values = {"path_or_url:path": str(path), "path:path": str(path), "session_hash": "annas", "event_id": "abcdef0123"}
    values |= {"api_name": "predict", "url_path:path": "https://example.com/x"}
    return People(headers[0], headers[1], (users[0].encode(), users[1].encode()), dataset.id, values)


def _address(path: str, values: dict[str, str]) -> str:
    filled = re.sub(r"\{([^}]*)\}", lambda match: values.get(match[1], "x"), path)
    named = path.endswith(("queue/data", "upload_progress"))
    return f"{filled}?session_hash={values['session_hash']}" if named else filled


@pytest.fixture
def web(studio_home: Any, application: ASGIApp) -> ASGIApp:
    """The web process as it is served."""
    return Gate(application)


@pytest.fixture(scope="session")
def mounted(application: Any) -> App:
    """Gradio's own application."""
    return next(route.app for route in application.router.routes if isinstance(getattr(route, "app", None), App))


def test_every_route_of_the_installed_gradio_is_in_the_table(mounted: App):
    pages = {"/" + page for page, *_ in mounted.get_blocks().pages}
    found = {(method, path) for method, path in walk(mounted.routes, "") if (path.rstrip("/") or "/") not in pages}
    known = _rows(SHUT) | _rows(OWN) | _rows(SAME) | ELSEWHERE
    assert found - known == set(), "decide who may use these"
    assert known - found == set(), "these are not there any more"


def test_nobody_is_served_where_files_would_have_no_owner(web: ASGIApp, people: People):
    for method, path in sorted(_rows(SHUT)):
        address = _address(path, people.values)
        assert [ask(web, method, address, headers=who).status for who in (people.owner, people.other)] == [404, 404], (
            path
        )
        assert ask(web, method, address, headers={"origin": ORIGIN}).status in (401, 302), path


def test_session_and_event_of_a_person_are_not_there_for_others(people: People):
    # What the gate lets through is answered at once here; in Gradio it may be a stream without an end.
    gate = Gate(make_plain())
    session = {"session_hash": "annas", "data": [people.dataset], "fn_index": 0, "fn_name": "read", "component_id": 1}
    assert ask(gate, "POST", "/gradio_api/queue/join", headers=people.owner, json_body=session).status == 200
    for method, path in sorted(_rows(OWN)):
        body = {**session, "event_id": "abcdef0123"} if method == "POST" else None
        asked = {"method": method, "path": _address(path, people.values), "json_body": body}
        assert ask(gate, headers=people.owner, **asked).status == 200, path
        assert ask(gate, headers=people.other, **asked).status == 404, path
        assert ask(gate, headers={"origin": ORIGIN}, **asked).status == 401, path


def test_what_everybody_gets_is_the_same_for_everybody(web: ASGIApp, people: People):
    for method, path in sorted(_rows(SAME)):
        address = _address(path, people.values)
        owner, other = (ask(web, method, address, headers=who) for who in (people.owner, people.other))
        # The configuration names who is signed in.
        assert owner.body.replace(*people.ids) == other.body and owner.status == other.status < 500, path
        assert WORDS.encode() not in owner.body and people.dataset.encode() not in owner.body, path
        assert ask(web, method, address, headers={"origin": ORIGIN}).status in (401, 302), path


def test_what_components_show_of_a_file_is_for_its_owner(web: ASGIApp, people: People, mounted: App):
    parts = [part for part in mounted.get_blocks().blocks.values() if isinstance(part, BrowserComponent)]
    calls = [(part._id, function.__name__) for part in parts for function in part.server_fns]
    data = {"query": {"id": people.dataset, "dataset": people.dataset}, "id": people.dataset}
    shown = {"owner": 0, "other": 0}
    for part, name in calls:
        body = {"component_id": part, "fn_name": name, "data": data}
        for who in shown:
            headers = getattr(people, who)
            answer = ask(
                web, "POST", "/gradio_api/component_server", headers=headers, json_body={**body, "session_hash": who}
            )
            shown[who] += WORDS.encode() in answer.body
    assert shown["owner"] > 0 and shown["other"] == 0
