"""``POST /api/v1/recommendations``: the ranking for one's own data, refused for somebody else's."""

from tests.app.api.test_datasets import FILE

WANTED = {"base_model": "starter-encoder", "task_type": "text-classification"}


def test_the_methods_are_ranked_with_reasons(ann):
    dataset = ann.upload([FILE]).json["id"]
    payload = ann.post("/api/v1/recommendations", json_body={**WANTED, "dataset_id": dataset}).json
    assert payload["ranked"][0]["reasons"][0]["source"]
    assert payload["about"] in payload["ranked"][0]["sentence"]
    quick = ann.post("/api/v1/recommendations", json_body={**WANTED, "dataset_id": dataset, "wishes": ["fast_answer"]})
    assert quick.json["ranked"][0]["kind"] == "head-only"


def test_unknown_wishes_and_other_peoples_data_are_refused(ann, bob):
    dataset = ann.upload([FILE]).json["id"]
    wrong = ann.post("/api/v1/recommendations", json_body={**WANTED, "dataset_id": dataset, "wishes": ["luck"]})
    assert wrong.status == 422 and "luck" in wrong.json["error"]["message"]
    assert bob.post("/api/v1/recommendations", json_body={**WANTED, "dataset_id": dataset}).status == 404
