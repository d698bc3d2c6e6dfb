"""Votes on the answers of compared runs."""

from tests.app.outcomes import end_run
from tests.factories import make_run

VOTES = "/api/v1/compare/votes"


def test_votes_are_counted_by_run_and_user_and_can_be_withdrawn(ann, bob):
    run, other = make_run(ann.id).id, make_run(ann.id).id
    for run_id in (run, other):
        end_run(run_id, [True] * 10, [False] * 10)

    def vote(row_id, value, person=ann):
        return person.post(VOTES, json_body={"run_id": run, "row_id": row_id, "vote": value})

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
