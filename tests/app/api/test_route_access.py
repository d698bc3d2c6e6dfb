"""Who reaches what: every route of the API as its owner, a stranger, an administrator, a disabled person, and a token that
only reads; strangers without any credential are in `tests/app/gate`. The table names every route; one that is not in it fails the test.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db import transaction
from app.main import create_api
from app.models import new_id
from app.models_chat import Conversation
from app.models_data import DatasetCheck
from app.models_saved import PromptSuite, RunView
from app.models_work import BatchPrediction, ModelFetch, TrackerExport
from app.services.accounts import accounts, people, projects
from app.services.evaluation import shares
from app.services.queue import jobs
from app.services.runs import run_grants, runs
from tests.app.conftest import Person
from tests.app.wire import Answer

CANARY = "zanzibar-canary"
METHOD = {"kind": "lora"}
MODEL = "starter-encoder"
TASK = {"base_model": MODEL, "task_type": "text-classification"}
ASKED = [{"role": "user", "content": "x"}]

# Of one person or project: a stranger and an administrator get 404, as if it did not exist. Value: the body of a valid request.
OWN: dict[str, Any] = {
    "DELETE /api/v1/account/sessions/{session_id}": None,
    "DELETE /api/v1/account/tokens/{token_id}": None,
    "GET /api/v1/account/exports/{export_id}/file": None,
    "GET /api/v1/datasets/{dataset_id}": None,
    "DELETE /api/v1/datasets/{dataset_id}": None,
    "GET /api/v1/datasets/{dataset_id}/preview": None,
    "GET /api/v1/datasets/{dataset_id}/report": None,
    "POST /api/v1/datasets/{dataset_id}/columns": {"task_type": "text-classification", "columns": {"text": "text"}},
    "POST /api/v1/datasets/{dataset_id}/rename": {"name": "x"},
    "POST /api/v1/datasets/{dataset_id}/archive": None,
    "POST /api/v1/datasets/{dataset_id}/unarchive": None,
    "GET /api/v1/datasets/{dataset_id}/dependents": None,
    "GET /api/v1/datasets/{dataset_id}/rows": None,
    "GET /api/v1/datasets/{dataset_id}/problems/{key}": None,
    "GET /api/v1/datasets/{dataset_id}/lengths": None,
    "GET /api/v1/datasets/{dataset_id}/report.csv": None,
    "GET /api/v1/datasets/{dataset_id}/export": None,
    "POST /api/v1/datasets/{dataset_id}/changes": {"changes": [{"op": "delete", "rows": {"ids": [1]}}]},
    "POST /api/v1/datasets/{dataset_id}/label-review": None,
    "GET /api/v1/datasets/{dataset_id}/label-review": None,
    "POST /api/v1/datasets/{dataset_id}/label-review/verdicts": {"row_id": 1, "verdict": "kept"},
    "GET /api/v1/datasets/{dataset_id}/splits": None,
    "POST /api/v1/datasets/{dataset_id}/splits": {},
    "POST /api/v1/datasets/{dataset_id}/peeks": {"rows": 1},
    "GET /api/v1/datasets/{dataset_id}/versions": None,
    "GET /api/v1/datasets/{dataset_id}/versions/{number}/changes": None,
    "POST /api/v1/datasets/{dataset_id}/versions/{number}/restore": None,
    "GET /api/v1/datasets/{dataset_id}/reading": None,
    "POST /api/v1/datasets/{dataset_id}/reading": {},
    "POST /api/v1/datasets/{dataset_id}/reading/preview": {},
    "POST /api/v1/datasets/{dataset_id}/supervision": {"base_model": MODEL},
    "GET /api/v1/batch-predictions/{batch_id}": None,
    "POST /api/v1/batch-predictions/{batch_id}/start": {"model": "{run_id}"},
    "POST /api/v1/batch-predictions/{batch_id}/cancel": None,
    "DELETE /api/v1/batch-predictions/{batch_id}": None,
    "GET /api/v1/batch-predictions/{batch_id}/answers": None,
    "GET /api/v1/checks/{check_id}": None,
    "POST /api/v1/checks/{check_id}/cancel": None,
    "POST /api/v1/checks/{check_id}/retry": None,
    "POST /api/v1/uploads/{staged_id}/preview": {},
    "POST /api/v1/uploads/{staged_id}": {},
    "POST /api/v1/estimates": {"base_model": MODEL, "method": METHOD, "dataset_id": "{dataset_id}"},
    "POST /api/v1/recommendations": {"dataset_id": "{dataset_id}", "base_model": MODEL},
    "POST /api/v1/recommendations/race": {"dataset_id": "{dataset_id}", "base_model": MODEL},
    "POST /api/v1/runs": {**TASK, "dataset_id": "{dataset_id}", "method": METHOD},
    "GET /api/v1/runs/{run_id}": None,
    "GET /api/v1/runs/{run_id}/cost": None,
    "DELETE /api/v1/runs/{run_id}": None,
    "GET /api/v1/runs/{run_id}/metrics": None,
    "GET /api/v1/runs/{run_id}/series": None,
    "GET /api/v1/runs/{run_id}/curves": None,
    "GET /api/v1/runs/{run_id}/events": None,
    "GET /api/v1/runs/{run_id}/predictions": None,
    "GET /api/v1/runs/{run_id}/log": None,
    "GET /api/v1/runs/{run_id}/adapter": None,
    "POST /api/v1/runs/{run_id}/cancel": None,
    "POST /api/v1/runs/{run_id}/resume": None,
    "POST /api/v1/runs/{run_id}/clone": None,
    "POST /api/v1/runs/{run_id}/mark": {"starred": True},
    "POST /api/v1/runs/{run_id}/archive": None,
    "POST /api/v1/runs/{run_id}/rename": {"name": "x"},
    "POST /api/v1/runs/{run_id}/predict": {"inputs": ["x"]},
    "GET /api/v1/runs/{run_id}/calibration": None,
    "GET /api/v1/runs/{run_id}/samples": None,
    "GET /api/v1/runs/{run_id}/checkpoints": None,
    "POST /api/v1/runs/{run_id}/checkpoints/{step}/continue": {},
    "DELETE /api/v1/runs/{run_id}/checkpoints/{step}": None,
    "POST /api/v1/runs/combine": {"run_ids": ["{run_id}", "{other_run_id}"]},
    "POST /api/v1/runs/{run_id}/shrink": {},
    "POST /api/v1/runs/{run_id}/merge": {},
    "POST /api/v1/runs/{run_id}/pause": None,
    "POST /api/v1/runs/{run_id}/priority": {"priority": "high"},
    "POST /api/v1/runs/{run_id}/move": {"direction": "up"},
    "POST /api/v1/runs/{run_id}/continue": {"epochs": 1},
    "POST /api/v1/predict": {"inputs": ["x"], "model": "{run_id}"},
    "POST /v1/chat/completions": {"model": "{run_id}", "messages": ASKED},
    "POST /api/v1/chat": {"model": "{run_id}", "messages": ASKED},
    "POST /api/v1/conversations": {"models": ["{run_id}"]},
    "GET /api/v1/conversations/{conversation_id}": None,
    "PUT /api/v1/conversations/{conversation_id}": {"models": ["{run_id}"]},
    "DELETE /api/v1/conversations/{conversation_id}": None,
    "POST /api/v1/conversations/{conversation_id}/messages": {"text": "x"},
    "POST /api/v1/conversations/{conversation_id}/panes/{pane}/reply": {},
    "GET /api/v1/conversations/{conversation_id}/transcript": None,
    "DELETE /api/v1/run-views/{view_id}": None,
    "DELETE /api/v1/suites/{suite_id}": None,
    "GET /api/v1/compare?runs={run_id},{other_run_id}": None,
    "GET /api/v1/compare/series?runs={run_id},{other_run_id}": None,
    "GET /api/v1/compare/examples?runs={run_id},{other_run_id}": None,
    "POST /api/v1/compare/votes": {"run_id": "{run_id}", "row_id": 0, "vote": "up"},
    "POST /api/v1/shares": {"runs": ["{run_id}"]},
    "POST /api/v1/shares/{share_id}/revoke": None,
    "POST /api/v1/experiments": {"dataset_id": "{dataset_id}", "base_model": MODEL, "methods": [METHOD]},
    "GET /api/v1/experiments/{experiment_id}": None,
    "POST /api/v1/experiments/{experiment_id}/choose": {"run_id": "{run_id}"},
    "POST /api/v1/experiments/{experiment_id}/cancel": None,
    "GET /api/v1/runs/{run_id}/trackers": None,
    "POST /api/v1/runs/{run_id}/trackers": {"tracker": "tensorboard"},
    "POST /api/v1/exports/{export_id}/cancel": None,
    "GET /api/v1/exports/{export_id}/files": None,
    "POST /api/v1/datasets/{dataset_id}/move": {"project_id": "{project_id}"},
    "GET /api/v1/projects/{project_id}": None,
    "PATCH /api/v1/projects/{project_id}": {"name": CANARY},
    "DELETE /api/v1/projects/{project_id}": None,
    "PUT /api/v1/projects/{project_id}/members/{person_id}": {"role": "owner"},
    "DELETE /api/v1/projects/{project_id}/members/{person_id}": None,
    "GET /api/v1/runs/{run_id}/people": None,
    "PUT /api/v1/runs/{run_id}/people/{person_id}": None,
    "DELETE /api/v1/runs/{run_id}/people/{person_id}": None,
    "DELETE /api/v1/models/fetches/{fetch_id}": None,
    "POST /api/v1/models/fetches/{fetch_id}/cancel": None,
    "POST /api/v1/models/fetches/{fetch_id}/resume": None,
}
# Everybody gets what is theirs, and nothing of somebody else.
PERSONAL: dict[str, Any] = {
    "GET /api/v1/account": None,
    "GET /api/v1/account/exports": None,
    "POST /api/v1/account/exports": None,
    "GET /api/v1/account/sessions": None,
    "GET /api/v1/account/tokens": None,
    "POST /api/v1/account/tokens": {"name": "x"},
    "POST /api/v1/batch-predictions": {},
    "GET /api/v1/batch-predictions": None,
    "POST /api/v1/datasets": {},
    "GET /api/v1/datasets": None,
    "POST /api/v1/datasets/samples/{name}": None,
    "POST /api/v1/datasets/from-hub": {"repo": "x/y"},
    "POST /api/v1/datasets/from-address": {"address": ""},
    "GET /api/v1/estimates/accuracy": None,
    "GET /api/v1/runs": None,
    "GET /api/v1/runs/tags": None,
    "GET /api/v1/runs/facets": None,
    "GET /api/v1/run-views": None,
    "POST /api/v1/run-views": {"name": "x", "view": {}},
    "GET /v1/models": None,
    "GET /api/v1/conversations": None,
    "GET /api/v1/suites": None,
    "POST /api/v1/suites": {"name": "x", "prompts": ["x"]},
    "GET /api/v1/shares": None,
    "GET /api/v1/experiments": None,
    "GET /api/v1/projects": None,
    "POST /api/v1/projects": {"name": "x"},
    "PUT /api/v1/projects/chosen": {"project_id": None},
    "GET /api/v1/colleagues": None,
    # The same for everybody: base models and their fetches are shared, the queue shows that others wait and not for what.
    "GET /metrics": None,
    "GET /api/v1/models/fetches": None,
    "GET /api/v1/catalog": None,
    "GET /api/v1/datasets/samples": None,
    "GET /api/v1/machine": None,
    "GET /api/v1/queue": None,
    "GET /api/v1/workers": None,
    "GET /api/v1/inference": None,
    "POST /sign-out": None,
}
# For administrators.
ADMIN: dict[str, Any] = {
    # Shut for everybody until an administrator allows hosts.
    "POST /api/v1/datasets/from-address": {"address": "https://example.org/x.csv"},
    "GET /api/v1/people": None,
    "POST /api/v1/people": {"name": "newcomer"},
    "PATCH /api/v1/people/{person_id}": {"active": True},
    "DELETE /api/v1/people/{person_id}?name=x": None,
    "PUT /api/v1/people/{person_id}/quota": {"max_runs": 100},
    "PUT /api/v1/projects/{project_id}/quota": {"max_runs": 100},
    "POST /api/v1/people/{person_id}/link": None,
    "POST /api/v1/people/{person_id}/sign-out": None,
    "POST /api/v1/people/{person_id}/reset-password": None,
    "POST /api/v1/people/{person_id}/reset-second-factor": None,
    "GET /api/v1/audit": None,
    "GET /api/v1/audit/chain": None,
    "GET /api/v1/audit.jsonl": None,
    "POST /api/v1/models/fetches": {"repo": "x/y"},
    "DELETE /api/v1/models?name=x": None,
}
# In a signed-in browser only, of oneself.
BROWSER: dict[str, Any] = {
    "PUT /api/v1/account/password": {"new": "four words never together"},
    "POST /api/v1/account/second-factor": {},
    "POST /api/v1/account/second-factor/confirm": {"code": "123456"},
    "POST /api/v1/account/second-factor/remove": {"code": "123456"},
}
# Without any sign-in; shared comparisons check the token of their link.
PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /sign-in",
    "GET /sign-in/provider",
    "GET /sign-in/callback",
    "POST /sign-in",
    "GET /api/v1/shared",
    "GET /api/v1/shared/compare",
    "GET /api/v1/shared/series",
    "GET /api/v1/shared/examples",
}
SIGNED_IN = {**OWN, **PERSONAL, **ADMIN, **BROWSER}


@dataclass(frozen=True)
class World:
    """The owner with one object of each kind, and everybody else: ``guest`` is shown the owner's two runs and nothing else."""

    ann: Person
    stranger: Person
    administrator: Person
    disabled: Person
    reader: Person
    editor: Person
    viewer: Person
    guest: Person
    values: dict[str, str]

    def send(self, person: Person, route: str, body: Any) -> Answer:
        method, _space, path = route.partition(" ")
        return person.ask(method, self.filled(path), **({} if body is None else {"json_body": self.filled(body)}))

    def filled(self, value: Any) -> Any:
        """``{name}`` in addresses and bodies replaced by the owner's objects."""
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        for name, known in self.values.items() if isinstance(value, str) else ():
            value = value.replace("{" + name + "}", known)
        return value


@pytest.fixture
def world(api: ASGIApp, ann: Person, bob: Person) -> World:
    admin = accounts.add_user("admin", role="admin")
    gone = accounts.add_user("gone")
    administrator = Person(admin.id, accounts.create_token(admin.id), api)
    disabled = Person(gone.id, accounts.create_token(gone.id), api)
    people.change_person(ann.id, gone.id, active=False)
    reader = replace(ann, token=accounts.create_token(ann.id, scope="read"))
    values = objects_of(ann)
    editor, viewer, guest = (joined(api, name) for name in ("editor", "viewer", "guest"))
    for person, role in ((editor, "editor"), (viewer, "viewer")):
        projects.invite(ann.id, values["project_id"], person.id, role)
    for run_id in (values["run_id"], values["other_run_id"]):
        run_grants.share(ann.id, run_id, guest.id)
    return World(ann, bob, administrator, disabled, reader, editor, viewer, guest, values)


def joined(api: ASGIApp, name: str) -> Person:
    user = accounts.add_user(name)
    return Person(user.id, accounts.create_token(user.id), api)


def objects_of(ann: Person) -> dict[str, str]:
    """One object of each kind, with the canary in its name."""
    rows = "".join(f"{CANARY} question {n},{'yes' if n % 2 else 'no'}\n" for n in range(40))
    made = ann.upload([("file", f"{CANARY}.csv", f"text,label\n{rows}".encode())]).json
    ordered = {**TASK, "dataset_id": made["id"], "method": METHOD}
    sent = [ann.post("/api/v1/runs", json_body={**ordered, "name": f"{CANARY} {word}"}).json for word in ("one", "two")]
    compared = {"dataset_id": made["id"], "base_model": MODEL, "methods": [METHOD, {"kind": "bitfit"}], "name": CANARY}
    started = ann.post("/api/v1/experiments", json_body=compared)
    run, other = (runs.get_run(ann.id, one["id"]) for one in sent)
    accounts.redeem_sign_in_link(accounts.create_sign_in_link(ann.id))
    found = {
        **{
            name: new_id()
            for name in ("check_id", "conversation_id", "fetch_id", "export_id", "view_id", "suite_id", "batch_id")
        },
        "project_id": made["project_id"],
        "dataset_id": made["id"],
        "run_id": run.id,
        "other_run_id": other.id,
        "experiment_id": started.json["id"],
        "share_id": shares.create(ann.id, [run.id])[0].id,
        "session_id": ann.get("/api/v1/account/sessions").json["sessions"][0]["id"],
        "token_id": ann.get("/api/v1/account/tokens").json["tokens"][0]["id"],
        "person_id": ann.id,
        "staged_id": new_id(),
        "number": "1",
        "step": "1",
        "pane": "0",
        "key": "duplicates",
        "name": "clinic-messages",
    }
    own = {"owner_id": ann.id}
    with transaction() as session:
        waiting = [jobs.add(session, owner_id=ann.id, kind=kind) for kind in ("data-check", "fetch", "export")]
        session.flush()
        check, fetch, export = (job.id for job in waiting)
        work = {"kind": "change", "said": {"dataset_id": made["id"]}}
        session.add_all(
            [
                DatasetCheck(id=found["check_id"], job_id=check, work=work, **own),
                ModelFetch(id=found["fetch_id"], job_id=fetch, repo="x/y", **own),
                BatchPrediction(id=found["batch_id"], file_name=CANARY, rows=1, **own),
                TrackerExport(id=found["export_id"], job_id=export, run_id=run.id, tracker="tensorboard", **own),
                Conversation(
                    id=found["conversation_id"],
                    project_id=found["project_id"],
                    models=[run.id],
                    system=CANARY,
                    sampling={},
                    **own,
                ),
                RunView(id=found["view_id"], name=CANARY, view={}, **own),
                PromptSuite(id=found["suite_id"], name=CANARY, prompts=[CANARY], **own),
            ]
        )
    return found


def test_table_names_every_route(routes: Any) -> None:
    served = {f"{way.upper()} {path}" for path, ways in create_api().openapi()["paths"].items() for way in ways}
    named = {route.partition("?")[0] for route in SIGNED_IN} | PUBLIC
    assert (served - named, named - served) == (set(), set())


def test_everybody_but_the_owner_is_refused(world: World) -> None:
    for route, body in SIGNED_IN.items():
        assert world.send(world.disabled, route, body).status == 401, route
        if not route.startswith("GET"):
            assert world.send(world.reader, route, body).code == "read_only_token", route
    for route, body in OWN.items():
        for person in (world.stranger, world.administrator):
            answer = world.send(person, route, body)
            assert answer.status == 404 and CANARY.encode() not in answer.body, (route, answer.body[:300])
    for route, body in ADMIN.items():
        assert (world.send(world.stranger, route, body).status, route) == (403, route)
    for route, body in BROWSER.items():
        assert world.send(world.ann, route, body).code == "needs_browser", route


def test_stranger_lists_nothing_of_the_owner_and_the_owner_reaches_what_is_read(world: World) -> None:
    for route, body in PERSONAL.items():
        answer = world.send(world.stranger, route, body)
        assert answer.status not in (401, 403, 404, 500), (route, answer.body[:300])
        assert CANARY.encode() not in answer.body and world.values["run_id"].encode() not in answer.body, route
    not_there_yet = ("adapter", "answers", "problems/", "exports/", "calibration", "samples", "log", "label-review")
    for route, body in {**OWN, **PERSONAL}.items():
        if route.startswith("GET") and not any(word in route for word in not_there_yet):
            assert world.send(world.reader, route, body).status not in (401, 403, 404, 500), route
