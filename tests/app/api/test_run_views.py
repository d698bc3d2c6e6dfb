"""Saved views of the table of runs: stored for each user, within limits."""

import pytest

VIEWS = "/api/v1/run-views"


def test_saved_view_is_listed_replaced_and_deleted_by_its_owner_only(ann, bob):
    made = ann.post(VIEWS, json_body={"name": " Best  ones ", "view": {"sort": "accuracy", "q": "lora"}})
    assert made.status == 201 and made.json["name"] == "Best ones"
    again = ann.post(VIEWS, json_body={"name": "Best ones", "view": {"starred": "true"}}).json
    assert ann.get(VIEWS).json["views"] == [again] and again["view"] == {"starred": "true"}
    assert bob.get(VIEWS).json["views"] == []
    assert bob.ask("DELETE", f"{VIEWS}/{again['id']}").code == "view_not_found"
    assert ann.ask("DELETE", f"{VIEWS}/{again['id']}").status == 204 and ann.get(VIEWS).json["views"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": " ", "view": {}}, "name_length"),
        ({"name": "n" * 81, "view": {}}, "name_length"),
        ({"name": "n", "view": {"q": "x" * 501}}, "view_size"),
        ({"name": "n", "view": {str(n): "" for n in range(21)}}, "view_size"),
    ],
)
def test_view_beyond_the_limits_is_refused(ann, body, code):
    assert (ann.post(VIEWS, json_body=body).code, ann.get(VIEWS).json["views"]) == (code, [])
