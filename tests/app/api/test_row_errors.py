"""No run starts on rows with errors that nobody has decided about; leaving them out is recorded and can be undone."""

import json

from tests.app import written_files as write

GOOD = [[f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]] for n in range(80)]
METHOD = {"kind": "lora"}


def post(person, path, body=None):
    return person.post(path, headers={"content-type": "application/json"}, body=json.dumps(body or {}).encode())


def wanted(made, **more):
    return {
        "dataset_id": made["id"],
        "base_model": "starter-encoder",
        "task_type": made["task_type"],
        "method": METHOD,
        **more,
    }


def upload(person):
    rows = [*GOOD[:40], ["", "a"], ["said", ""], *GOOD[40:]]
    # Line 30 has a field too many and cannot be read at all.
    lines = write.as_csv(rows).split(b"\r\n")
    lines[29] += b",more"
    return person.upload([("file", "x.csv", b"\r\n".join(lines))]).json


def test_a_run_waits_for_a_decision_about_rows_with_errors(ann):
    made = upload(ann)
    refused = post(ann, "/api/v1/runs", wanted(made))
    assert (refused.status, refused.code) == (409, "rows_undecided")
    payload = refused.json["error"]["details"]
    assert payload["rows"] == 3 and {each["code"]: each["rows"] for each in payload["problems"]} == {
        "csv_shape": [30],
        "empty_text": [42],
        "empty_label": [43],
    }
    refused = post(ann, "/api/v1/experiments", {"dataset_id": made["id"], "methods": [METHOD, {"kind": "ia3"}]})
    assert (refused.status, refused.code) == (409, "rows_undecided")
    assert ann.get("/api/v1/runs").json["runs"] == []
    home = f"/api/v1/datasets/{made['id']}"
    edit = {"op": "edit", "row_id": 39, "cells": {"text": "now it says something"}}
    leave = [{"op": "exclude", "rows": {"problem": key}} for key in ("csv_shape", "empty_label")]
    clean = post(ann, f"{home}/changes", {"changes": [edit, *leave]})
    assert clean.json["report"]["rows"] == {"total": 82, "usable": 80, "excluded": 2}, clean.json["report"]
    assert post(ann, "/api/v1/runs", wanted(made)).status == 201
    # Undone, it is undecided again.
    post(ann, f"{home}/versions/1/restore")
    assert post(ann, "/api/v1/runs", wanted(made)).code == "rows_undecided"


def test_rows_with_errors_are_left_out_with_the_run_as_a_version_of_their_own(ann):
    made = upload(ann)
    run = post(ann, "/api/v1/runs", wanted(made, leave_out_errors=True))
    assert run.status == 201
    home = f"/api/v1/datasets/{made['id']}"
    newest = ann.get(home).json
    assert newest["version"] == 2 and newest["change"]["counts"] == {"excluded": 3}
    changes = ann.get(f"{home}/versions/2/changes").json["entries"]
    assert sorted(each["line"] for each in changes) == [30, 42, 43]


def test_views_and_changes_of_test_rows_are_counted(ann, bob):
    made = ann.upload([("file", "x.csv", write.as_csv(GOOD))]).json
    home = f"/api/v1/datasets/{made['id']}"
    rows = ann.get(f"{home}/rows?limit=100").json["rows"]
    kept = [row["_id"] for row in rows if row["test"]]
    assert len(kept) == made["split_sizes"]["test"] == 8
    assert ann.get(f"{home}/splits").json["peeks"] == {"looks": 0, "rows_seen": 0, "rows_changed": 0}
    assert post(bob, f"{home}/peeks", {"rows": 3}).status == 404
    for rows_shown in (3, 8):
        assert post(ann, f"{home}/peeks", {"rows": rows_shown, "version": 1}).status == 201
    edit = [{"op": "edit", "row_id": each, "cells": {"text": f"written anew {each}"}} for each in (kept[0], kept[1])]
    changed = post(ann, f"{home}/changes", {"changes": edit}).json
    assert changed["change"]["test_rows"] == 2 and "kept for the final test" in changed["change"]["summary"]
    assert ann.get(f"{home}/splits").json["peeks"] == {"looks": 2, "rows_seen": 11, "rows_changed": 2}
