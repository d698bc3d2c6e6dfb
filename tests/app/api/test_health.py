"""Liveness and readiness probes."""

from app.db import Base, get_engine
from tests.app.wire import ask


def test_probes_need_no_sign_in_and_name_what_is_missing(api):
    assert ask(api, "GET", "/healthz").json == {"status": "ok"}
    assert ask(api, "GET", "/readyz").json == {"status": "ok", "parts": {"database": "ok", "storage": "ok"}}
    Base.metadata.drop_all(get_engine())
    answer = ask(api, "GET", "/readyz")
    assert answer.status == 503 and "tables are missing" in answer.json["parts"]["database"]
    assert ask(api, "GET", "/healthz").status == 200
