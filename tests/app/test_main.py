"""Refusals of the API have one shape, name the field and the value, and show nothing of the inside."""

import pytest

RUN = {
    "dataset_id": "d",
    "base_model": "starter-encoder",
    "task_type": "text-classification",
    "method": {"kind": "lora"},
}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/v1/nothing", None, 404, "not_found"),
        ("GET", "/api/v2/runs", None, 404, "not_found"),
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("DELETE", "/api/v1/runs", None, 405, "method_not_allowed"),
        ("PUT", "/api/v1/catalog", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/runs/unknown", None, 404, "run_not_found"),
        ("GET", "/api/v1/runs/..%2f..%2fetc", None, 404, "not_found"),
        ("GET", "/api/v1/runs/x/metrics?after=-1", None, 422, "range"),
        ("GET", "/api/v1/runs/x/metrics?after=1e9", None, 422, "wrong_type"),
        ("GET", "/api/v1/runs/x/predictions?only=hidden", None, 422, "unknown_choice"),
        ("GET", "/api/v1/runs/x/predictions?limit=1000000000", None, 422, "range"),
        ("GET", "/api/v1/compare", None, 422, "missing_field"),
        ("POST", "/api/v1/runs", {**RUN, "trust_remote_code": True}, 422, "unknown_field"),
        ("POST", "/api/v1/runs", {"dataset_id": "d"}, 422, "missing_field"),
        ("POST", "/api/v1/runs", {**RUN, "name": "x" * 201}, 422, "range"),
        ("POST", "/api/v1/runs", {**RUN, "method": "lora"}, 422, "wrong_type"),
        ("POST", "/api/v1/runs", [1, 2], 422, "wrong_type"),
        ("POST", "/api/v1/runs/x/rename", {"name": "n", "owner_id": "me"}, 422, "unknown_field"),
        ("POST", "/api/v1/estimates", {"base_model": "x", "method": {}, "rows": 0}, 422, "range"),
        ("POST", "/api/v1/estimates", {"base_model": "x", "method": {}, "rows": 1e400}, 422, "range"),
    ],
)
def test_refusals_have_one_shape(ann, method, path, body, status, code):
    answer = ann.ask(method, path, json_body=body) if body is not None else ann.ask(method, path)
    assert (answer.status, answer.code) == (status, code), answer.body
    error = answer.json["error"]
    assert set(error) == {"code", "message", "hint", "details"}
    assert error["message"] and error["hint"]
    assert "Traceback" not in str(error) and "/work" not in str(error)


def test_wrong_value_is_named_with_its_field(ann):
    error = ann.post("/api/v1/runs", json_body={**RUN, "name": 7}).json["error"]
    assert "'name'" in error["message"] and "7" in error["message"] and "name" in error["details"]["fields"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": 1,}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b"dataset_id=1", "application/x-www-form-urlencoded", 422),
        (b"{}", "text/plain", 422),
        (b"x" * (5 * 1024**2), "application/json", 413),
    ],
)
def test_body_that_is_not_json_is_refused(ann, body, kind, status):
    answer = ann.post("/api/v1/runs", body=body, headers={"content-type": kind})
    assert answer.status == status, answer.body
    assert set(answer.json["error"]) == {"code", "message", "hint", "details"}


def test_two_hundred_malformed_requests_never_answer_500_or_leak(ann):
    odd = ["..%2f", "%00", "%252e", "'", '"', "%0d%0a", "<script>", "{{7*7}}", "$(id)", "%ff", "%f0%9f%98%80"]
    odd += ["a" * 3000, "-1", "nan"]
    paths = [
        "/api/v1/runs/{}",
        "/api/v1/runs/{}/metrics",
        "/api/v1/runs/{}/log",
        "/api/v1/runs/{}/adapter",
        "/api/v1/datasets/{}",
        "/api/v1/datasets/{}/preview",
        "/api/v1/compare?runs={}",
        "/api/v1/runs/x/series?keys={}",
        "/api/v1/runs/x/events?after={}",
    ]
    for path in paths:
        for value in odd:
            for method in ("GET", "POST"):
                answer = ann.ask(method, path.format(value))
                assert 400 <= answer.status < 500, (method, path, value, answer.body)
                assert b"Traceback" not in answer.body and b"sqlite" not in answer.body.lower()
