"""Estimates over REST."""

from tests.app.api.test_datasets import FILE


def test_estimate_comes_with_its_basis(ann):
    dataset = ann.upload([FILE]).json["id"]
    body = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "dataset_id": dataset}
    answer = ann.post("/api/v1/estimates", json_body=body)
    assert answer.status == 200, answer.body
    # The file has too few different texts for folds, or as many test rows as are needed.
    assert "cross_validation" in answer.json
    assert "rows" in answer.json["basis"] and answer.json["fit"] in ("fits", "tight", "too large")
    missing = ann.post("/api/v1/estimates", json_body={"base_model": "starter-encoder", "method": {"kind": "lora"}})
    assert missing.code == "missing_field"
