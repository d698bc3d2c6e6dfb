"""Datasets over HTTP: streamed to disk, checked, owned; nothing stays behind when an upload fails."""

import json

import pytest

from app import storage
from app.api.uploads import clean_name
from app.settings import get_settings
from tests.app.api.conftest import multipart

ROWS = [f"good thing number {n},yes\nbad thing number {n},no\n" for n in range(30)]
CSV = ("text,label\n" + "".join(ROWS)).encode()
FILE = ("file", "letters.csv", CSV)


def test_an_upload_becomes_a_dataset_with_its_report(ann):
    columns = json.dumps({"text": "text", "label": "label"}).encode()
    task = ("task_type", None, b"text-classification")
    answer = ann.upload([FILE, ("name", None, "Briefe ä".encode()), task, ("columns", None, columns)])
    assert answer.status == 201, answer.body
    made = answer.json
    assert {"id", "version", "rows", "status", "report"} <= set(made)
    assert made["report"]["rows"]["usable"] == 60 and made["name"] == "Briefe ä"
    assert [each["id"] for each in ann.get("/api/v1/datasets").json["datasets"]] == [made["id"]]
    address = f"/api/v1/datasets/{made['id']}"
    assert ann.get(address).json["id"] == made["id"]
    assert ann.get(address + "/report").json["rows"]["total"] == 60
    preview = ann.get(address + "/preview?limit=3").json
    assert len(preview["rows"]) == 3 and {"text", "label"} <= set(preview["columns"])
    assert list(storage.uploads_dir().iterdir()) == []


def test_columns_can_be_changed_and_the_dataset_archived(ann):
    address = "/api/v1/datasets/" + ann.upload([FILE]).json["id"]
    body = {"task_type": "text-classification", "columns": {"text": "text", "label": "label"}}
    assert ann.post(address + "/columns", json_body=body).status == 200
    assert ann.post(address + "/columns", json_body={**body, "columns": {"text": "nowhere"}}).status == 422
    assert ann.post(address + "/archive").status == 200
    assert ann.get("/api/v1/datasets").json["datasets"] == []


def test_files_of_one_name_can_be_told_apart_and_renamed(ann, bob):
    made = [ann.upload([("file", "train.csv", CSV.replace(b"thing", word))]).json for word in (b"dog", b"cat", b"cow")]
    assert [each["name"] for each in made] == ["train", "train 2", "train 3"]
    address = f"/api/v1/datasets/{made[1]['id']}/rename"
    assert ann.post(address, json_body={"name": "  Letters   of May "}).json["name"] == "Letters of May"
    assert {each["name"] for each in ann.get("/api/v1/datasets").json["datasets"]} == {
        "train",
        "Letters of May",
        "train 3",
    }
    assert ann.post(address, json_body={"name": "  "}).status == 422
    assert bob.post(address, json_body={"name": "mine"}).status == 404
    # The freed name is the next one given; a name that the sender chose stays as it is.
    assert ann.upload([("file", "train.csv", CSV)]).json["name"] == "train 2"
    assert ann.upload([FILE, ("name", None, b"train")]).json["name"] == "train"


def test_samples_can_be_listed_and_imported(ann):
    samples = ann.get("/api/v1/datasets/samples").json["samples"]
    assert samples
    name = samples[0] if isinstance(samples[0], str) else samples[0]["name"]
    assert ann.post(f"/api/v1/datasets/samples/{name}").status == 201
    assert ann.post("/api/v1/datasets/samples/no-such").status in (404, 422)


def test_an_own_evaluation_file_is_taken(ann):
    evaluation = ("evaluation", "test.csv", ("text,label\n" + "".join(ROWS[:5])).encode())
    answer = ann.upload([FILE, evaluation])
    assert answer.status == 201, answer.body
    assert list(storage.uploads_dir().iterdir()) == []


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([], 422, "missing_field"),
        ([("name", None, b"n")], 422, "missing_field"),
        ([FILE, FILE], 422, "wrong_type"),
        ([FILE, ("trust_remote_code", None, b"1")], 422, "unknown_field"),
        ([FILE, ("columns", None, b"{")], 422, "wrong_type"),
        ([FILE, ("columns", None, b"[1]")], 422, "wrong_type"),
        ([FILE, ("columns", None, b"[" * 60_000)], 422, "wrong_type"),
        ([FILE, ("name", None, b"\xff")], 422, "wrong_type"),
        ([FILE, ("name", None, b"x" * 70_000)], 413, "too_large"),
        ([("file", "empty.csv", b"")], 422, "empty_file"),
    ],
)
def test_bad_uploads_are_refused_and_leave_nothing(ann, parts, status, code):
    answer = ann.upload(parts)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert list(storage.uploads_dir().iterdir()) == []
    assert ann.get("/api/v1/datasets").json["datasets"] == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"", 415),
        ("multipart/form-data; boundary=BOUND", b"junk", 400),
        ("multipart/form-data; boundary=BOUND", multipart([FILE])[:-20], 400),
        ("multipart/form-data; boundary=" + "B" * 3000, b"x", 400),
        ("multipart/form-data; boundary=BOUND", b"--BOUND\r\nX: " + b"y" * 10_000_000, 400),
        ("multipart/form-data; boundary=BOUND", b"--BOUND\r\n\r\nno name\r\n--BOUND--", 422),
        ("multipart/form-data; boundary=BOUND", multipart([FILE] + [("n", None, b"")] * 100_000), 422),
    ],
)
def test_broken_forms_are_refused(ann, kind, body, status):
    answer = ann.post("/api/v1/datasets", body=body, headers={"content-type": kind})
    assert answer.status == status, answer.body
    assert list(storage.uploads_dir().iterdir()) == []


def test_reading_stops_at_the_limit(ann, monkeypatch):
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_BYTES", "100000")
    get_settings.cache_clear()
    head = b'--BOUND\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    pieces = [head] + [b"x" * 65536] * 60
    headers = {"content-type": "multipart/form-data; boundary=BOUND"}
    answer = ann.post("/api/v1/datasets", body=pieces, headers=headers)
    assert (answer.status, answer.code) == (413, "too_large")
    told = ann.post("/api/v1/datasets", body=b"", headers={**headers, "content-length": "999999999"})
    assert told.status == 413
    assert list(storage.uploads_dir().iterdir()) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\data.csv", "data.csv"),
        ("a\u202egpj.csv", "agpj.csv"),
        ("a\nb\x00.csv", "ab.csv"),
        ("", "upload"),
        ("/", "upload"),
        ("x" * 300 + ".csv", ("x" * 300 + ".csv")[-200:]),
        ("Grüße 😀.csv", "Grüße 😀.csv"),
    ],
)
def test_file_names_are_cleaned_for_showing(given, shown):
    assert clean_name(given) == shown
