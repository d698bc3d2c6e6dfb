"""What is inside a dataset over HTTP: problems page by page, changes, versions, downloads; and who may not."""

import csv
import io

import pytest

from tests.app import written_files as write

ROWS = [f"good thing number {n},yes\nbad thing number {n},no\n" for n in range(30)]
CSV = ("text,label\n" + "".join(ROWS) + ",yes\n,no\n=1+1,no\n").encode()


@pytest.fixture
def address(ann):
    answer = ann.upload([("file", "letters.csv", CSV)])
    assert answer.status == 201, answer.body
    return f"/api/v1/datasets/{answer.json['id']}"


def change(person, address, *changes, **more):
    return person.post(f"{address}/changes", json_body={"changes": list(changes), **more})


def test_rows_of_a_problem_are_paged_excluded_and_included(ann, address):
    (problem,) = [
        problem for problem in ann.get(address + "/report").json["problems"] if problem["code"] == "empty_text"
    ]
    page = ann.get(f"{address}/problems/{problem['key']}?limit=1").json
    assert page["matching"] == 2 and page["rows"][0]["_line"] == 62 and page["rows"][0]["cells"]["label"] == "yes"
    rest = ann.get(f"{address}/problems/{problem['key']}?limit=1&after={page['after']}").json
    assert rest["rows"][0]["_line"] == 63 and rest["after"] is None
    made = change(ann, address, {"op": "exclude", "rows": {"problem": problem["key"]}}, version=1)
    assert made.status == 200 and made.json["version"] == 2 and made.json["change"]["summary"] == "2 rows left out."
    assert made.json["report"]["rows"] == {"total": 63, "usable": 61, "excluded": 2}
    assert [row["_line"] for row in ann.get(address + "/rows?excluded=true").json["rows"]] == [62, 63]
    back = ann.post(address + "/versions/1/restore")
    assert back.json["version"] == 3 and back.json["report"]["rows"]["usable"] == 61


def test_default_truncation_is_that_of_the_task(ann):
    rows = "".join(f'{{"prompt": "say {n}", "response": "{n}"}}\n' for n in range(30))
    address = f"/api/v1/datasets/{ann.upload([('file', 'a.jsonl', rows.encode())]).json['id']}"
    # The chat model reads 512 tokens, and tasks that write start from all of them.
    assert ann.get(address + "/lengths").json["max_length"] == 512


def test_selected_rows_are_changed_together(ann, address):
    assert ann.get(address + "/rows?search=GOOD&column=label&value=yes&limit=5").json["matching"] == 30
    made = change(ann, address, {"op": "set", "rows": {"search": "good"}, "column": "label", "value": "fine"})
    assert made.json["labels"] == {"fine": 30, "no": 31}
    payload = ann.get(address + "/versions").json["versions"]
    assert (
        [version["number"] for version in payload] == [2, 1] and payload[0]["author"] and payload[0]["created_at"] > 0
    )
    page = ann.get(address + "/versions/2/changes?limit=10").json
    assert page["total"] == 30 and page["after"] == 10
    assert page["entries"][0]["before"] == "yes" and page["entries"][0]["after"] == "fine"


def test_downloads_have_a_file_name_and_escaped_formulas(ann, address):
    answer = ann.get(address + "/export?format=csv")
    assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
    assert list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))[-1] == ["'=1+1", "no"]
    assert ann.get(address + "/export?format=jsonl").body.count(b"\n") == 63
    assert ann.get(address + "/export?format=parquet").body[:4] == b"PAR1"
    assert b"empty_text" in ann.get(address + "/report.csv").body


def test_lengths_and_splits_are_read_and_changed(ann, address):
    lengths = ann.get(address + "/lengths").json
    assert lengths["base_model"] == "starter-encoder" and sum(lengths["counts"].values()) == 61
    assert lengths["max_length"] == 64 and lengths["reason"].startswith("64 tokens cover")
    assert ann.get(address + "/splits").json["plan"]["how"] == "ratio"
    made = ann.post(address + "/splits", json_body={"how": "ratio", "test": 0.3, "seed": 4})
    assert made.status == 200 and made.json["split_sizes"]["test"] == 18
    body = {
        "base_model": "starter-encoder",
        "method": {"kind": "lora"},
        "dataset_id": made.json["id"],
        "training": {"max_length": 8},
    }
    payload = ann.post("/api/v1/estimates", json_body=body).json
    assert (
        payload["lengths"]["max_length"] == 8
        and payload["lengths"]["measured"]
        and "measured on your data" in payload["basis"]
    )


def test_label_review_is_queued_once(ann, address):
    assert ann.get(address + "/label-review").json["state"] == "none"
    assert ann.post(address + "/label-review").status == 202
    assert ann.get(address + "/label-review").json["state"] == "queued"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"changes": []}, 422),
        ({"changes": [{"op": "explode"}]}, 422),
        ({"changes": [{"op": "edit", "row_id": -1, "cells": {"text": "x"}}]}, 422),
        ({"changes": [{"op": "edit", "row_id": 1, "cells": {"text": 5}}]}, 422),
        ({"changes": [{"op": "exclude", "rows": {"problem": "no-such"}}]}, 404),
        ({"changes": [{"op": "exclude", "rows": {}}]}, 422),
        ({"changes": [{"op": "edit", "row_id": 1, "cells": {"text": "x"}}], "version": 7}, 409),
        ({"changes": [{"op": "edit", "row_id": 1, "cells": {"text": "x"}}], "force": True}, 422),
    ],
)
def test_impossible_changes_are_refused(ann, address, body, status):
    answer = ann.post(address + "/changes", json_body=body)
    assert answer.status == status, answer.body
    assert answer.code and ann.get(address).json["version"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/rows",
        "/problems/empty_text",
        "/report.csv",
        "/export",
        "/versions",
        "/versions/1/changes",
        "/lengths",
        "/splits",
        "/label-review",
    ],
)
def test_rows_of_another_user_are_unknown(ann, bob, address, path):
    assert ann.get(address + path).status == 200
    assert bob.get(address + path).status == 404


def test_rows_of_another_user_cannot_be_changed(bob, address):
    edit = {"changes": [{"op": "edit", "row_id": 1, "cells": {"text": "x"}}]}
    calls = (("/changes", edit), ("/versions/1/restore", None), ("/splits", {}), ("/label-review", None))
    for path, body in calls:
        assert (
            bob.post(address + path, json_body=body).status == 404
            if body is not None
            else bob.post(address + path).status == 404
        )


def test_wrong_queries_are_refused(ann, address):
    for query in (
        "/rows?limit=0",
        "/rows?limit=9999",
        "/rows?version=0",
        "/export?format=exe",
        "/rows?search=" + "x" * 300,
    ):
        assert ann.get(address + query).status == 422, query
    assert ann.get(address + "/rows?version=9").status == 404
    assert ann.get(address + "/problems/..%2f..%2fetc").status == 404


def test_views_and_changes_of_test_rows_are_counted(ann, bob):
    good = [[f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]] for n in range(80)]
    made = ann.upload([("file", "x.csv", write.as_csv(good))]).json
    home = f"/api/v1/datasets/{made['id']}"
    rows = ann.get(f"{home}/rows?limit=100").json["rows"]
    kept = [row["_id"] for row in rows if row["test"]]
    assert len(kept) == made["split_sizes"]["test"] == 8
    assert ann.get(f"{home}/splits").json["peeks"] == {"looks": 0, "rows_seen": 0, "rows_changed": 0}
    assert bob.post(f"{home}/peeks", json_body={"rows": 3}).status == 404
    for rows_shown in (3, 8):
        assert ann.post(f"{home}/peeks", json_body={"rows": rows_shown, "version": 1}).status == 201
    edit = [{"op": "edit", "row_id": row_id, "cells": {"text": f"text {row_id}"}} for row_id in kept[:2]]
    changed = ann.post(f"{home}/changes", json_body={"changes": edit}).json
    assert changed["change"]["test_rows"] == 2 and "kept for the final test" in changed["change"]["summary"]
    assert ann.get(f"{home}/splits").json["peeks"] == {"looks": 2, "rows_seen": 11, "rows_changed": 2}
