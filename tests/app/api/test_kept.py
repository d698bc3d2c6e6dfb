"""What a person keeps about runs: views are found in every browser, votes are counted, and nobody else's are shown."""

import pytest

from tests.app.outcomes import end_run
from tests.factories import make_run

VIEWS = "/api/v1/run-views"
VOTES = "/api/v1/compare/votes"


def test_a_view_kept_under_a_name_is_found_again_and_is_nobody_elses(ann, bob):
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
def test_a_view_that_is_too_much_is_refused(ann, body, code):
    assert (ann.post(VIEWS, json_body=body).code, ann.get(VIEWS).json["views"]) == (code, [])


def test_votes_are_counted_by_run_for_each_person_and_can_be_taken_back(ann, bob):
    run, other = make_run(ann.id).id, make_run(ann.id).id
    for each in (run, other):
        end_run(each, [True] * 10, [False] * 10)

    def vote(row_id, given, person=ann, of=run):
        return person.post(VOTES, json_body={"run_id": of, "row_id": row_id, "vote": given})

    vote(0, "up")
    vote(1, "up")
    vote(2, "down")
    assert vote(1, "down").json == {"up": 1, "down": 2}
    assert vote(2, None).json == {"up": 1, "down": 1}
    page = ann.get(f"/api/v1/compare/examples?runs={run}&order=file").json
    assert [row["answers"][run]["vote"] for row in page["rows"][:3]] == ["up", "down", None]
    assert page["votes"] == {run: {"up": 1, "down": 1}}
    rows = {row["key"]: row for row in ann.get(f"/api/v1/compare?runs={run},{other}").json["metrics"]}
    assert rows["votes/good"]["values"] == {run: 0.5} and rows["votes/good"]["best"] == []
    assert vote(99, "up").code == "row_not_found" and vote(0, "up", person=bob).code == "run_not_found"
    assert vote(0, "maybe").status == 422
