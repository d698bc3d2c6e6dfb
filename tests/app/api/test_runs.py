"""Runs over HTTP: queued once per key, watched by cursor, steered, downloaded; each only by its owner."""

import io
import threading
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import db, storage
from tests.app import written_files as write
from tests.app.api.test_datasets import FILE
from tests.app.finished_runs import ADAPTER, finish
from tests.factories import make_run

METHODS = [{"kind": "lora"}, {"kind": "ia3"}]
SUBMIT = {"base_model": "starter-encoder", "task_type": "text-classification", "method": {"kind": "lora"}}


def test_idempotency_key_queues_a_run_once(ann):
    body = {**SUBMIT, "dataset_id": ann.upload([FILE]).json["id"], "name": "First"}
    key = {"idempotency-key": "k1"}
    first = ann.post("/api/v1/runs", json_body=body, headers=key)
    assert first.status == 201, first.body
    assert first.json["state"] == "queued" and first.json["queue_position"] == 1
    assert ann.post("/api/v1/runs", json_body=body, headers=key).json["id"] == first.json["id"]
    assert ann.post("/api/v1/runs", json_body=body).json["id"] != first.json["id"]
    assert len(ann.get("/api/v1/runs").json["runs"]) == 2
    assert ann.post("/api/v1/runs", json_body=body, headers={"idempotency-key": "k" * 201}).status == 422


def test_fifty_submits_at_once_are_accepted_exactly_as_often_as_runs_exist(ann):
    body = {**SUBMIT, "dataset_id": ann.upload([FILE]).json["id"]}
    together = threading.Barrier(50)

    def submit(_: int) -> int:
        together.wait()
        return ann.post("/api/v1/runs", json_body=body).status

    with ThreadPoolExecutor(50) as clients:
        answers = Counter(clients.map(submit, range(50)))
    assert set(answers) <= {201, 429} and answers[201] > 0, answers
    assert ann.get("/api/v1/runs").json["total"] == answers[201]


def test_submit_that_finds_no_turn_in_time_is_reported_to_come_again_and_queues_nothing(ann, monkeypatch):
    body = {**SUBMIT, "dataset_id": ann.upload([FILE]).json["id"]}
    monkeypatch.setattr(db, "WAIT_SECONDS", 0.2)
    with db.transaction(), ThreadPoolExecutor(1) as client:
        answer = client.submit(ann.post, "/api/v1/runs", json_body=body).result()
    assert (answer.status, answer.code) == (429, "busy") and int(answer.headers["retry-after"]) > 0
    assert ann.get("/api/v1/runs").json["total"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"training": {"learning_rate": 10}}, "range"),
        ({"training": {"epochs": 0}}, "range"),
        ({"training": {"output_dir": "/tmp"}}, "unknown_field"),
        ({"method": {"kind": "lora", "rank": 0}}, "range"),
        ({"method": {"kind": "lora", "env": {}}}, "unknown_field"),
    ],
)
def test_settings_out_of_bounds_are_refused(ann, change, code):
    body = {**SUBMIT, "dataset_id": ann.upload([FILE]).json["id"], **change}
    answer = ann.post("/api/v1/runs", json_body=body)
    assert (answer.status, answer.code) == (422, code), answer.body


def test_run_with_metrics_events_and_log_is_read(ann):
    run = make_run(ann.id)
    finish(run)
    address = f"/api/v1/runs/{run.id}"
    points = ann.get(address + "/metrics?after=0").json
    assert points["points"][0]["value"] == 0.5 and points["state"] == "succeeded"
    assert ann.get(f"{address}/metrics?after={points['after']}").json["points"] == []
    assert ann.get(address + "/series?keys=train/loss").json["series"] == {"train/loss": [[1, 0.5]]}
    so_far = ann.get(address + "/curves").json
    assert so_far["series"] == {"train/loss": [[1, 0.5, 1.0]]}
    assert ann.get(f"{address}/metrics?after={so_far['after']}").json["points"] == []
    assert ann.get(address + "/events").json["events"][0]["message"] == "Training"
    assert ann.get(address + "/predictions?only=wrong").json["rows"][0]["answer"] == "y"
    log = ann.get(address + "/log")
    assert log.body == b"epoch 1\n" and log.headers["content-type"].startswith("text/plain")
    assert ann.get(f"/api/v1/compare?runs={run.id}").status == 200


def test_run_is_cancelled_renamed_and_archived(ann):
    run = make_run(ann.id)
    address = f"/api/v1/runs/{run.id}"
    assert ann.post(address + "/rename", json_body={"name": "Second"}).json["name"] == "Second"
    assert ann.post(address + "/archive").status == 409
    assert ann.post(address + "/cancel").json["state"] == "cancelled"
    assert ann.post(address + "/resume").json["state"] == "queued"
    assert ann.post(address + "/resume").status == 409
    assert ann.post(address + "/clone").json["base_model"] == "starter-encoder"
    assert ann.post(address + "/cancel").status == 200
    assert ann.post(address + "/archive").json["archived"] is True
    assert ann.get("/api/v1/runs").json["runs"] == []
    assert len(ann.get("/api/v1/runs?include_archived=true").json["runs"]) == 1


def test_download_is_a_zip_of_the_files_of_the_manifest(ann):
    run = make_run(ann.id, name="My run / über")
    finish(run)
    (storage.attempt_dir(run.id, 1) / "adapter" / "stray.pkl").write_bytes(b"x")
    answer = ann.get(f"/api/v1/runs/{run.id}/adapter")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="my-run-ber-{run.id[:8]}.zip"'
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"} == ADAPTER
    assert ann.get(f"/api/v1/runs/{run.id}/adapter").body == answer.body


def test_changed_missing_or_linked_file_refuses_the_download(ann, tmp_path):
    for number, damage in enumerate(("change", "remove", "link", "manifest")):
        run = make_run(ann.id, name=str(number))
        finish(run)
        path = storage.attempt_dir(run.id, 1) / "adapter" / "adapter_config.json"
        if damage == "change":
            path.write_bytes(b"other")
        elif damage == "manifest":
            (path.parent / "manifest.json").write_text('{"files": {}}')
        else:
            path.rename(tmp_path / damage)
            if damage == "link":
                path.symlink_to(tmp_path / damage)
        answer = ann.get(f"/api/v1/runs/{run.id}/adapter")
        assert (answer.status, answer.code) == (409, "adapter_damaged"), damage


def test_unfinished_run_has_no_adapter(ann):
    answer = ann.get(f"/api/v1/runs/{make_run(ann.id).id}/adapter")
    assert (answer.status, answer.code) == (409, "not_finished")


def test_runs_of_another_user_are_unknown(ann, bob):
    run = make_run(ann.id)
    finish(run)
    dataset = ann.upload([FILE]).json["id"]
    reads = ["", "/metrics", "/series", "/curves", "/events", "/predictions", "/log", "/adapter"]
    writes = ["/cancel", "/resume", "/clone", "/archive"]
    mine, missing = f"/api/v1/runs/{run.id}", "/api/v1/runs/00000000-0000-0000-0000-000000000000"
    attempts = [("GET", path, None) for path in reads] + [("POST", path, None) for path in writes]
    attempts += [("POST", "/rename", {"name": "x"}), ("POST", "/predict", {"inputs": ["a"]})]
    for method, path, body in attempts:
        foreign = bob.ask(method, mine + path, json_body=body)
        absent = bob.ask(method, missing + path, json_body=body)
        assert foreign.status == absent.status == 404, path
        assert foreign.body.replace(run.id.encode(), b"ID") == absent.body.replace(missing[13:].encode(), b"ID"), path
    for path in ("", "/preview", "/report"):
        assert bob.get(f"/api/v1/datasets/{dataset}{path}").status == 404
    change = {"task_type": "text-classification", "columns": {"text": "text", "label": "label"}}
    assert bob.post(f"/api/v1/datasets/{dataset}/columns", json_body=change).status == 404
    assert bob.post(f"/api/v1/datasets/{dataset}/archive").status == 404
    assert bob.post("/api/v1/runs", json_body={**SUBMIT, "dataset_id": dataset}).status == 404
    estimate = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "dataset_id": dataset}
    assert bob.post("/api/v1/estimates", json_body=estimate).status == 404
    assert bob.get(f"/api/v1/compare?runs={run.id}").status == 404
    assert bob.post("/api/v1/predict", json_body={"model": run.id, "inputs": ["a"]}).status == 404
    assert bob.get("/api/v1/runs").json["runs"] == [] and bob.get("/api/v1/datasets").json["datasets"] == []
    assert ann.get(mine).json["state"] == "succeeded" and ann.get(mine).json["archived"] is False


def upload_with_errors(person):
    good = [[f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]] for n in range(80)]
    rows = [*good[:40], ["", "a"], ["text", ""], *good[40:]]
    # Line 30 has a field too many and cannot be read at all.
    lines = write.as_csv(rows).split(b"\r\n")
    lines[29] += b",more"
    return person.upload([("file", "x.csv", b"\r\n".join(lines))]).json


def test_run_on_undecided_rows_is_refused_until_they_are_fixed_or_excluded(ann):
    dataset = upload_with_errors(ann)
    body = {**SUBMIT, "dataset_id": dataset["id"]}
    refused = ann.post("/api/v1/runs", json_body=body)
    assert (refused.status, refused.code) == (409, "rows_undecided")
    payload = refused.json["error"]["details"]
    assert payload["rows"] == 3 and {problem["code"]: problem["rows"] for problem in payload["problems"]} == {
        "csv_shape": [30],
        "empty_text": [42],
        "empty_label": [43],
    }
    refused = ann.post("/api/v1/experiments", json_body={"dataset_id": dataset["id"], "methods": METHODS})
    assert (refused.status, refused.code) == (409, "rows_undecided")
    assert ann.get("/api/v1/runs").json["runs"] == []
    home = f"/api/v1/datasets/{dataset['id']}"
    edit = {"op": "edit", "row_id": 39, "cells": {"text": "now it says something"}}
    leave = [{"op": "exclude", "rows": {"problem": key}} for key in ("csv_shape", "empty_label")]
    clean = ann.post(f"{home}/changes", json_body={"changes": [edit, *leave]})
    assert clean.json["report"]["rows"] == {"total": 82, "usable": 80, "excluded": 2}, clean.json["report"]
    assert ann.post("/api/v1/runs", json_body=body).status == 201
    # Undone, it is undecided again.
    ann.post(f"{home}/versions/1/restore")
    assert ann.post("/api/v1/runs", json_body=body).code == "rows_undecided"


def test_rows_with_errors_are_excluded_with_the_run_in_a_version_of_its_own(ann):
    dataset = upload_with_errors(ann)
    run = ann.post("/api/v1/runs", json_body={**SUBMIT, "dataset_id": dataset["id"], "leave_out_errors": True})
    assert run.status == 201
    home = f"/api/v1/datasets/{dataset['id']}"
    newest = ann.get(home).json
    assert newest["version"] == 2 and newest["change"]["counts"] == {"excluded": 3}
    changes = ann.get(f"{home}/versions/2/changes").json["entries"]
    assert sorted(change["line"] for change in changes) == [30, 42, 43]
