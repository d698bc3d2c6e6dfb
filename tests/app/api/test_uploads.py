"""Multipart uploads: limits while streaming, refused forms, cleaned file names, and how the file is to be read."""

import base64
import json

import pytest

from app import storage
from app.api.uploads import clean_name
from app.settings import get_settings
from studio.cli import main
from tests.app import written_files as write
from tests.app.conftest import multipart

ROWS = [[f"{word} thing number {n}", label] for n in range(20) for word, label in (("good", "yes"), ("bad", "no"))]
BOOK = write.workbook({"Notes": [["a", "b"], ["c", "d"]], "Data": [["Survey", 2024], [], ["text", "label"], *ROWS]})
FILE = ("file", "letters.csv", write.as_csv([["text", "label"], *ROWS]))


def test_upload_can_choose_sheet_and_header_row(ann):
    reading = json.dumps({"sheet": "Data", "header_row": 3}).encode()
    answer = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, reading)])
    assert answer.status == 201, answer.body
    assert answer.json["rows"] == 40 and answer.json["format"] == "xlsx"
    problem = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, b'{"sheet": "Nowhere"}')])
    assert problem.status == 422 and problem.json["error"]["code"] == "xlsx_sheet"


@pytest.mark.parametrize("reading", [b"[]", b"{", b'{"sheet": 3}', b'{"header_row": true}', b'{"colour": "red"}'])
def test_malformed_reading_choices_are_refused(ann, reading):
    answer = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, reading)])
    assert answer.status == 422 and "reading" in answer.json["error"]["details"]["fields"]


def test_check_command_can_choose_sheet_and_encoding(studio_home, tmp_path, capsys):
    book, text = tmp_path / "a.xlsx", tmp_path / "a.csv"
    book.write_bytes(BOOK)
    text.write_bytes(write.as_csv([*ROWS, ["привет", "yes"]]).decode().encode("koi8-r"))
    for path, options, found in (
        (book, ["--sheet", "2", "--header-row", "3"], ("xlsx", "utf-8")),
        (text, ["--encoding", "KOI8-R"], ("csv", "koi8-r")),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["check", str(path), "--json", *options])
        report = json.loads(capsys.readouterr().out)
        assert ended.value.code in (0, None)
        assert (report["format"], report["encoding"]) == found and report["rows"]["usable"] >= 40


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
def test_invalid_uploads_are_refused_and_leave_no_file(ann, parts, status, code):
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
def test_malformed_multipart_is_refused(ann, kind, body, status):
    answer = ann.post("/api/v1/datasets", body=body, headers={"content-type": kind})
    assert answer.status == status, answer.body
    assert list(storage.uploads_dir().iterdir()) == []


def test_upload_stops_at_the_size_limit(ann, monkeypatch):
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_BYTES", "100000")
    get_settings.cache_clear()
    head = b'--BOUND\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    chunks = [head] + [b"x" * 65536] * 60
    headers = {"content-type": "multipart/form-data; boundary=BOUND"}
    answer = ann.post("/api/v1/datasets", body=chunks, headers=headers)
    assert (answer.status, answer.code) == (413, "too_large")
    declared = ann.post("/api/v1/datasets", body=b"", headers={**headers, "content-length": "999999999"})
    assert declared.status == 413
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
def test_file_names_are_cleaned_for_display(given, shown):
    assert clean_name(given) == shown


@pytest.mark.parametrize(
    ("variable", "status", "code"),
    [
        ("STUDIO_FREE_DISK_BYTES", 507, "disk_full"),
        ("STUDIO_MAX_BYTES_PER_USER", 409, "storage_used_up"),
    ],
)
def test_upload_without_room_is_refused_with_what_to_remove_and_leaves_nothing(
    ann, monkeypatch, variable, status, code
):
    monkeypatch.setenv(variable, str(10**15) if status == 507 else "10")
    get_settings.cache_clear()
    answer = ann.upload([FILE], headers={"content-length": "5000"})
    assert (answer.status, answer.code) == (status, code)
    assert "elete runs" in answer.json["error"]["hint"]
    assert list(storage.uploads_dir().iterdir()) == []
    assert ann.get("/api/v1/datasets").status == 200


DEEP = "[" * 3000
HALF = "half \\ud83d of a pair"
ODD_FILES = [
    ("brackets.csv", write.as_csv([["text", "label"], *ROWS, [DEEP, "yes"], ["x", DEEP]])),
    (
        "brackets.jsonl",
        b"\n".join(json.dumps({"messages": DEEP, "tokens": DEEP, "labels": DEEP}).encode() for _ in ROWS),
    ),
    (
        "half.jsonl",
        b"\n".join(
            b'{"text": "%s %d", "label": "%s"}' % (HALF.encode(), n, row[1].encode()) for n, row in enumerate(ROWS)
        ),
    ),
    (
        "turns.jsonl",
        b"\n".join(
            b'{"messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "%d"}]}'
            % (HALF.encode(), n)
            for n in range(20)
        ),
    ),
    ("zero.csv", b"text,label\n" + b"a\0b,yes\nc,no\n" * 20),
]


@pytest.mark.parametrize(("name", "content"), ODD_FILES, ids=[name for name, _ in ODD_FILES])
def test_odd_cells_are_read_or_refused_with_words(ann, name, content):
    answer = ann.upload([("file", name, content)])
    assert answer.status in (201, 422), answer.body
    if answer.status == 201:
        for path in ("", "/preview", "/rows", "/export?format=csv", "/export?format=jsonl", "/report"):
            assert ann.get(f"/api/v1/datasets/{answer.json['id']}{path}").status == 200, path


def test_odd_characters_in_requests_are_refused_with_words(ann):
    dataset = ann.upload([FILE]).json["id"]
    for path, body in (
        (f"/api/v1/datasets/{dataset}/name", {"name": "a\0b"}),
        (f"/api/v1/datasets/{dataset}/name", {"name": "\ud83d"}),
        ("/api/v1/conversations", {"models": ["base:starter-chat"], "system": "\ud83d"}),
        ("/api/v1/conversations", {"models": ["\ud83d"]}),
        (
            "/api/v1/runs",
            {"dataset_id": dataset, "base_model": "\ud83d", "task_type": "\0", "method": {"kind": "\ud83d"}},
        ),
        ("/api/v1/predict", {"run_id": "\ud83d", "inputs": ["\ud83d"]}),
    ):
        answer = ann.post(path, json_body=body)
        assert 400 <= answer.status < 500, (path, answer.status, answer.body)
    huge = base64.urlsafe_b64encode(json.dumps(["created", True, 10**100, "x"]).encode()).decode()
    assert ann.get(f"/api/v1/runs?sort=created&cursor={huge}").status == 422
