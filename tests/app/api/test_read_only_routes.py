"""Whoever only looks never waits for a writer: every address that is only read answers while the database is written."""

from sqlalchemy import event, update

from app import db
from app.db import transaction
from app.main import create_api
from app.models import Job
from app.services.accounts import accounts
from tests.app.conftest import Person


def test_every_read_only_route_answers_during_a_write_transaction(ann: Person) -> None:
    rows = "".join(f"question {n} about things,{'yes' if n % 2 else 'no'}\n" for n in range(40))
    made = ann.upload([("file", "rows.csv", f"text,label\n{rows}".encode())]).json
    model = {"base_model": "starter-encoder", "task_type": "text-classification", "method": {"kind": "lora"}}
    run = ann.post("/api/v1/runs", json_body={**model, "dataset_id": made["id"]}).json
    known = {"dataset_id": made["id"], "run_id": run["id"], "number": "1"}
    # Whoever waits for the writer below answers with an error soon, instead of after 30 s.
    event.listen(db.get_engine(), "connect", lambda link, _: link.execute("PRAGMA busy_timeout=100"))
    db.get_engine().dispose()
    assert accounts.user_for_token(ann.token)
    with transaction() as session:
        session.execute(update(Job).values(phase="being written"))
        answers = {path: ann.get(path).status for path in _looks(known)}
    assert len(answers) > 30
    assert [(path, status) for path, status in answers.items() if status == 500] == []


def _looks(known: dict[str, str]) -> list[str]:
    """Every address that is only looked at, with what is known put in and another word elsewhere."""
    found = [(path, ways["get"]) for path, ways in create_api().openapi()["paths"].items() if "get" in ways]
    addresses = []
    for path, way in found:
        wanted = {
            parameter["name"]: known.get(parameter["name"], "none")
            for parameter in way.get("parameters", [])
            if parameter["in"] == "path"
        }
        addresses.append(path.format(**wanted))
    return addresses
