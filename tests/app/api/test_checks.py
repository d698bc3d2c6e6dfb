"""Much data over HTTP: rows at once, the report as a job that can be watched, stopped and repeated; files that wait."""

import json
import time

import pytest

from app.services.datasets import checks
from tests.app import written_files as write
from tests.studio.processes import wait_until
from worker.jobs import supervisor

LATER = {"prefer": "respond-async"}
WORDS = ("card", "loan", "refund", "opening", "balance", "transfer", "branch", "limit", "statement", "fee")


def rows_of(count: int) -> list[list[str]]:
    return [[f"{WORDS[n % 10]} number {n} of {n * 7919 % 10007}", WORDS[n % 3]] for n in range(count)]


def send(person, content: bytes, name: str = "a.csv", *more: tuple[str, str | None, bytes]):
    return person.upload([("file", name, content), *more], headers=LATER)


def post(person, path: str, body: dict | None = None, **headers: str):
    sent = {"content-type": "application/json", **headers}
    return person.post(path, headers=sent, body=json.dumps(body or {}).encode())


def ended(person, check_id: str, seconds: float = 60) -> dict:
    def over():
        return person.get(f"/api/v1/checks/{check_id}").json["state"] in ("succeeded", "failed", "cancelled")

    wait_until(over, "the end of the check", seconds)
    return person.get(f"/api/v1/checks/{check_id}").json


@pytest.fixture
def long(monkeypatch, light_worker):
    """Tables of a hundred rows count as large, and a light worker runs."""
    monkeypatch.setattr(checks, "SMALL_ROWS", 100)


def test_rows_come_at_once_and_the_report_follows(ann, bob, long):
    began = time.monotonic()
    answer = send(ann, write.as_csv(rows_of(2000)))
    assert answer.status == 202 and time.monotonic() - began < 20
    body = answer.json
    assert body["preview"]["columns"] == ["text", "label"] and body["preview"]["total"] == 2000
    assert body["preview"]["rows"][0] == {"_line": 2, "text": "card number 0 of 0", "label": "card"}
    assert ann.get("/api/v1/datasets").json["datasets"] == []
    assert bob.get(f"/api/v1/checks/{body['check']['id']}").status == 404
    check = ended(ann, body["check"]["id"])
    assert check["state"] == "succeeded" and check["version"] == 1, check
    made = ann.get(f"/api/v1/datasets/{check['dataset_id']}").json
    assert made["usable_rows"] == 2000 and made["report"]["status"] in ("ok", "warnings")
    assert post(ann, f"/api/v1/checks/{check['id']}/retry").status == 409
    change = {"changes": [{"op": "exclude", "rows": {"ids": [3, 4]}}], "version": 1}
    answer = post(ann, f"/api/v1/datasets/{made['id']}/changes", change, **LATER)
    assert answer.status == 202
    check = ended(ann, answer.json["check"]["id"])
    assert (check["state"], check["version"], check["dataset_id"]) == ("succeeded", 2, made["id"])
    assert ann.get(f"/api/v1/datasets/{made['id']}").json["report"]["rows"]["excluded"] == 2
    # The person looked at version 1; there is a newer one by now.
    answer = post(ann, f"/api/v1/datasets/{made['id']}/changes", change, **LATER)
    assert ended(ann, answer.json["check"]["id"])["error"]["code"] == "stale_dataset"


def test_a_refused_check_keeps_the_file_for_another_decision(ann, long, studio_home):
    content = write.as_csv([[text, label] for text, label in rows_of(300)], names=["what", "which"])
    answer = send(
        ann, content, "a.csv", ("task_type", None, b"text-classification"), ("columns", None, b'{"label": "what"}')
    )
    assert answer.status == 202
    check = ended(ann, answer.json["check"]["id"])
    assert check["state"] == "failed" and check["error"]["code"] == "missing_column"
    assert ann.get("/api/v1/datasets").json["datasets"] == [] and not list((studio_home / "datasets").glob("*"))
    payload = {"task_type": "text-classification", "columns": {"text": "what", "label": "which"}}
    answer = post(ann, f"/api/v1/uploads/{check['staged']}", payload)
    assert answer.status == 202
    check = ended(ann, answer.json["check"]["id"])
    assert check["state"] == "succeeded", check
    assert ann.get(f"/api/v1/datasets/{check['dataset_id']}").json["columns"] == payload["columns"]
    # The file goes right after the state is reported.
    wait_until(lambda: not list((studio_home / "uploads").glob("staged-*")), "the kept file is gone")


def test_a_check_is_stopped_and_repeated(ann, long):
    answer = send(ann, write.as_csv(rows_of(30_000)))
    check_id = answer.json["check"]["id"]
    assert post(ann, f"/api/v1/checks/{check_id}/cancel").status == 200
    assert ended(ann, check_id)["state"] == "cancelled"
    assert ann.get("/api/v1/datasets").json["datasets"] == []
    assert post(ann, f"/api/v1/checks/{check_id}/cancel").json["error"]["code"] == "already_ended"
    assert post(ann, f"/api/v1/checks/{check_id}/retry").json["state"] in ("queued", "claimed", "running")
    assert ended(ann, check_id)["state"] == "succeeded"


def test_an_upload_without_a_preference_waits_for_the_report_of_a_light_worker(ann, long, studio_home):
    answer = ann.upload([("file", "a.csv", write.as_csv(rows_of(2000)))])
    assert answer.status == 201 and answer.json["report"]["rows"]["usable"] == 2000
    change = {"changes": [{"op": "exclude", "rows": {"ids": [3, 4]}}], "version": 1}
    changed = post(ann, f"/api/v1/datasets/{answer.json['id']}/changes", change)
    assert changed.status == 200 and changed.json["report"]["rows"]["excluded"] == 2
    stale = post(ann, f"/api/v1/datasets/{answer.json['id']}/changes", change)
    assert stale.status == 409 and stale.json["error"]["code"] == "stale_dataset"
    refused = ann.upload(
        [("file", "a.csv", write.as_csv(rows_of(2000))), ("columns", None, b'{"label": "nowhere"}')],
    )
    assert refused.status == 422 and refused.json["error"]["code"] == "missing_column"
    wait_until(lambda: not list((studio_home / "uploads").glob("staged-*")), "a refused file is not kept")


def test_without_a_light_worker_an_upload_says_so_and_its_check_can_be_followed(ann, monkeypatch):
    monkeypatch.setattr(checks, "SMALL_ROWS", 100)
    monkeypatch.setattr(checks, "WORKER_START_SECONDS", 0.2)
    answer = ann.upload([("file", "a.csv", write.as_csv(rows_of(2000)))])
    error = answer.json["error"]
    assert (answer.status, error["code"]) == (503, "no_light_worker") and "studio worker --queue light" in error["hint"]
    check = ann.get(f"/api/v1/checks/{error['details']['check']['id']}").json
    assert (check["state"], check["phase"]) == ("queued", checks.NO_WORKER)
    supervisor.execute(check["job_id"])
    assert ended(ann, check["id"])["version"] == 1


def test_a_small_file_is_answered_with_its_report(ann):
    answer = send(ann, write.as_csv(rows_of(60)))
    assert answer.status == 201 and answer.json["report"]["rows"]["usable"] == 60


def test_a_file_that_was_read_wrongly_is_looked_at_and_read_otherwise(ann, bob):
    """The sheet with the rows is not the one that was taken, and its names are in the third row."""
    book = write.workbook(
        {"Notes": [["a", "b"], ["c", "d"]], "Data": [["Survey", 2024], [], ["text", "label"], *rows_of(40)]}
    )
    refused = send(ann, book, "a.xlsx")
    assert refused.status == 422
    details = refused.json["error"]["details"]
    assert details["reading"]["found"]["sheets"] == ["Notes", "Data"] and details["preview"]["rows"][0]["a"] == "c"
    payload = {"sheet": "Data", "header_row": 3}
    place = f"/api/v1/uploads/{details['staged']}"
    assert post(bob, f"{place}/preview", payload).status == 404
    seen = post(ann, f"{place}/preview", payload).json
    assert seen["columns"] == ["text", "label"] and seen["rows"][0]["label"] == "card"
    wrong = post(ann, f"{place}/preview", {"sheet": "Nowhere"})
    assert wrong.status == 422 and wrong.json["error"]["code"] == "xlsx_sheet"
    made = post(ann, place, {"reading": payload})
    assert made.status == 201 and made.json["usable_rows"] == 40
    # The original is kept with it, so that it can be read in yet another way.
    home = f"/api/v1/datasets/{made.json['id']}/reading"
    body = ann.get(home).json
    assert body["kept"] and body["found"] == {"sheet": "Data", "sheets": ["Notes", "Data"], "header_row": 3}
    assert post(ann, f"{home}/preview", {"sheet": "Notes"}).json["columns"] == ["a", "b"]
    again = post(ann, home, {**payload, "sheet": "Notes", "header_row": 1})
    assert again.status == 422 and ann.get(home.removesuffix("/reading")).json["version"] == 1


def test_encoding_and_delimiter_are_chosen_with_a_preview_and_kept_with_the_version(ann):
    lines = ["text;label", *(f"Größe {n}, grün;{label}" for n in range(40) for label in ("süß", "sauer"))]
    made = send(ann, "\r\n".join(lines).encode("cp1252"), "a.csv").json
    notice = next(problem for problem in made["report"]["problems"] if problem["code"] == "encoding")
    assert notice["severity"] == "warning" and "Größe" in notice["message"]
    home = f"/api/v1/datasets/{made['id']}"
    assert "cp1251" in ann.get(f"{home}/reading").json["encodings"]
    seen = post(ann, f"{home}/reading/preview", {"encoding": "cp1251"}).json
    assert seen["rows"][0]["text"].startswith("Gr") and "ö" not in seen["rows"][0]["text"]
    again = post(ann, f"{home}/reading", {"encoding": "cp1252", "delimiter": ";"}).json
    assert (again["version"], again["encoding"], again["columns"]) == (2, "cp1252", made["columns"])
    assert again["change"]["reading"] == {"sheet": "", "header_row": 0, "encoding": "cp1252", "delimiter": ";"}
    assert not [problem for problem in again["report"]["problems"] if problem["code"] == "encoding"]
    odd = post(ann, f"{home}/reading/preview", {"delimiter": "x"})
    assert odd.status == 422 and "reading" in odd.json["error"]["details"]["fields"]


def test_what_columns_meant_is_remembered_for_files_with_the_same_columns(ann, bob):
    rows = [[f"{text} said", label, f"tag{n % 2}"] for n, (text, label) in enumerate(rows_of(80))]
    content = write.as_csv(rows, names=["message", "topic", "kind"])
    made = send(ann, content).json
    payload = {"task_type": "text-classification", "columns": {"text": "message", "label": "kind"}}
    assert made["columns"]["label"] == "topic" and made["change"] is None
    assert post(ann, f"/api/v1/datasets/{made['id']}/columns", payload).json["version"] == 2
    turned = write.as_csv([[c, a, b] for a, b, c in rows], names=["kind", "message", "topic"])
    again = send(ann, turned, "b.csv").json
    assert again["columns"] == payload["columns"] and again["change"]["remembered"] is True
    assert "last time" in again["change"]["summary"]
    assert send(bob, content).json["columns"]["label"] == "topic"
    other = send(ann, content, "c.csv", ("columns", None, json.dumps({"label": "topic"}).encode())).json
    assert other["columns"]["label"] == "topic" and other["change"] is None
