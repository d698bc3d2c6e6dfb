"""What the page behind a read-only link may ask for."""

import json
from urllib.parse import urlencode

import pytest

from app.services.evaluation import shares
from studio_ui.shared import READ_PATH, TOKEN
from tests.app.outcomes import end_run, rows_right
from tests.app.wire import ask
from tests.factories import make_run, make_version


@pytest.fixture
def shared(owner):
    """Token of a link to one of two runs, and the other run's id."""
    place = make_version(owner)
    runs = [make_run(owner, place, name) for name in ("Shown", "Kept")]
    for run in runs:
        end_run(run.id, rows_right(80, 100), rows_right(50, 100))
    return shares.create(owner, [runs[0].id])[1], runs[1].id


def read(web, token, name, **data):
    query = urlencode({"name": name, "data": json.dumps(data)})
    answer = ask(web, "GET", f"{READ_PATH}?{query}", headers={TOKEN: token})
    return answer.status, json.loads(answer.body)


def test_link_shows_its_own_runs_whatever_is_asked_for(web, shared):
    token, kept = shared
    status, answer = read(web, token, "describe_comparison", query={"runs": kept})
    assert status == 200 and [run["name"] for run in answer["value"]["runs"]] == ["Shown"]
    assert "Kept" not in json.dumps(answer)
    names = {button for button in ("Share…", "Remove Shown") if button in json.dumps(answer, ensure_ascii=False)}
    assert names == set()


def test_link_without_rows_keeps_them_whatever_is_asked_for(web, shared):
    data = {"names": {}, "order": "file", "after": 0, "kind": "labels", "reference": "none", "rows": True}
    status, answer = read(web, shared[0], "describe_examples", **data)
    assert status == 404 and answer["error"]["code"] == "rows_not_shared"


@pytest.mark.parametrize("name", ["vote", "find_runs", "nothing"])
def test_link_cannot_ask_for_what_its_owner_can_do(web, shared, name):
    assert read(web, shared[0], name)[0] == 404


def test_unknown_token_is_refused(web, shared):
    status, answer = read(web, "x" * 40, "describe_comparison", query={"runs": shared[1]})
    assert status == 404 and answer["error"]["code"] == "share_unknown"
