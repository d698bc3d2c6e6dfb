"""Every route of an object as viewer, editor and owner of its project, and as somebody with whom one run is shared."""

from tests.app.api import test_route_access
from tests.app.api.test_route_access import OWN, World

# The same people and objects.
world = test_route_access.world

# The least role in the project for each route of OWN; what is not here is seen, compared and tried by viewers.
PERSONAL_OBJECTS = (
    "/account/",
    "/checks/",
    "/uploads/",
    "/run-views/",
    "/suites/",
    "/shares/",
    "/fetches/",
    "/batch-predictions/",
)
OWNERS = {
    "DELETE /api/v1/datasets/{dataset_id}",
    "DELETE /api/v1/runs/{run_id}",
    "DELETE /api/v1/runs/{run_id}/checkpoints/{step}",
    "DELETE /api/v1/conversations/{conversation_id}",
    "POST /api/v1/datasets/{dataset_id}/move",
    "PATCH /api/v1/projects/{project_id}",
    "DELETE /api/v1/projects/{project_id}",
    "PUT /api/v1/projects/{project_id}/members/{person_id}",
    "DELETE /api/v1/projects/{project_id}/members/{person_id}",
}
EDITORS = {
    "POST /api/v1/datasets/{dataset_id}/columns",
    "POST /api/v1/datasets/{dataset_id}/rename",
    "POST /api/v1/datasets/{dataset_id}/archive",
    "POST /api/v1/datasets/{dataset_id}/unarchive",
    "POST /api/v1/datasets/{dataset_id}/changes",
    "POST /api/v1/datasets/{dataset_id}/label-review",
    "POST /api/v1/datasets/{dataset_id}/label-review/verdicts",
    "POST /api/v1/datasets/{dataset_id}/splits",
    "POST /api/v1/datasets/{dataset_id}/versions/{number}/restore",
    "POST /api/v1/datasets/{dataset_id}/reading",
    "POST /api/v1/runs",
    "POST /api/v1/runs/{run_id}/cancel",
    "POST /api/v1/runs/{run_id}/resume",
    "POST /api/v1/runs/{run_id}/mark",
    "POST /api/v1/runs/{run_id}/archive",
    "POST /api/v1/runs/{run_id}/rename",
    "POST /api/v1/runs/{run_id}/checkpoints/{step}/continue",
    "POST /api/v1/runs/{run_id}/pause",
    "POST /api/v1/runs/{run_id}/priority",
    "POST /api/v1/runs/{run_id}/move",
    "POST /api/v1/runs/{run_id}/continue",
    "POST /api/v1/experiments",
    "POST /api/v1/recommendations/race",
    "POST /api/v1/experiments/{experiment_id}/choose",
    "POST /api/v1/experiments/{experiment_id}/cancel",
    "POST /api/v1/runs/{run_id}/trackers",
    "POST /api/v1/exports/{export_id}/cancel",
    "POST /api/v1/shares",
    "PUT /api/v1/runs/{run_id}/people/{person_id}",
    "DELETE /api/v1/runs/{run_id}/people/{person_id}",
}
# Changed by whoever began it, whatever the role of others.
AUTHORS = {
    "PUT /api/v1/conversations/{conversation_id}",
    "POST /api/v1/conversations/{conversation_id}/messages",
    "POST /api/v1/conversations/{conversation_id}/panes/{pane}/reply",
}
# Queued from finished runs only, which these are not: refused for that before the role matters.
UNFINISHED = {"POST /api/v1/runs/combine", "POST /api/v1/runs/{run_id}/shrink", "POST /api/v1/runs/{run_id}/merge"}
NOT_FOUND = (
    "dataset_not_found",
    "run_not_found",
    "experiment_not_found",
    "conversation_not_found",
    "project_not_found",
)


def test_viewers_look_editors_train_and_owners_delete(world: World) -> None:
    shared = {route: body for route, body in OWN.items() if not any(part in route for part in PERSONAL_OBJECTS)}
    assert {*OWNERS, *EDITORS, *AUTHORS, *UNFINISHED} - {*shared, "POST /api/v1/shares"} == set()
    for route in (*OWNERS, *EDITORS, *AUTHORS):
        refused = world.send(world.viewer, route, OWN[route])
        wanted = "not_the_author" if route in AUTHORS else "project_role"
        assert (refused.refused, refused.status, route) == (wanted, 403, route)
        assert "owner" in refused.json["error"]["hint"] or route in AUTHORS, (route, refused.json)
    for route in OWNERS:
        assert (world.send(world.editor, route, OWN[route]).refused, route) == ("project_role", route)
    for route, body in shared.items():
        if route.startswith("GET"):
            asked = [world.send(person, route, body) for person in (world.ann, world.viewer, world.editor)]
            assert len({answer.status for answer in asked}) == 1, (route, [answer.body[:200] for answer in asked])
        elif route not in {*OWNERS, *EDITORS, *AUTHORS}:
            assert world.send(world.viewer, route, body).refused not in ("project_role", *NOT_FOUND), route
    for route in sorted(EDITORS):
        answer = world.send(world.editor, route, OWN[route])
        allowed = answer.refused not in ("project_role", *NOT_FOUND) or b"in this experiment" in answer.body
        assert answer.status != 500 and allowed, (route, answer.body[:300])


def test_a_run_shared_with_one_person_shows_nothing_else_of_its_project(world: World) -> None:
    runs_only = {
        route for route in OWN if "/runs/{run_id}" in route or "run_id" in str(OWN[route]) or "compare" in route
    }
    for route, body in OWN.items():
        answer = world.send(world.guest, route, body)
        about_run = route in runs_only and not any(
            word in route for word in ("experiments", "conversations/", "shares/")
        )
        if about_run and route.startswith("GET"):
            assert (answer.status, route) == (world.send(world.ann, route, body).status, route)
        elif about_run:
            changes = route in {*EDITORS, *OWNERS}
            assert (answer.refused == "project_role", route) == (changes, route)
        elif not any(part in route for part in PERSONAL_OBJECTS):
            assert (answer.status, route) == (
                403 if "/exports/" in route and not route.startswith("GET") else 404,
                route,
            )
    listed = world.guest.get("/api/v1/runs").json["runs"]
    assert {run["id"] for run in listed} == {world.values["run_id"], world.values["other_run_id"]}
    assert world.guest.get("/api/v1/datasets").json["datasets"] == []
