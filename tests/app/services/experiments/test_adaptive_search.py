"""The adaptive search and halving: proposals inside the ranges that get better, stops that follow the published rule."""

import math

import pytest

from app.db import transaction
from app.errors import Conflict
from app.models import RUNNING, Experiment, Job, MetricPoint
from app.services.datasets.datasets import SAMPLES, import_sample
from app.services.experiments import adaptive_search, experiment_scheduler, experiments
from app.services.experiments.adaptive_search import Tried
from tests.app.outcomes import end_run, rows_right

METHODS = [{"kind": "lora"}]
VARY = {"training.learning_rate": {"low": 1e-5, "high": 1e-1, "log": True}, "method.rank": [4, 8, 16]}


def score(settings: dict) -> float:
    """A valley with its floor at 1e-3 and rank 8."""
    return 1 - abs(math.log10(settings["training.learning_rate"]) + 3) / 4 - 0.1 * (settings["method.rank"] != 8)


def search(runs: int, seed: int) -> list[tuple[dict, float]]:
    tried: list[Tried] = []
    for _ in range(runs):
        choice, settings = adaptive_search.propose(METHODS, VARY, tried, higher=True, seed=seed) or (0, {})
        tried.append(Tried(choice, settings, "finished", [(float(len(tried)), 100, score(settings))]))
    return [(dict(each.settings), score(dict(each.settings))) for each in tried]


def test_later_proposals_are_better_than_random_draws() -> None:
    searches = [search(24, seed) for seed in range(5)]
    for settings, _ in sum(searches, []):
        assert 1e-5 <= settings["training.learning_rate"] <= 1e-1 and settings["method.rank"] in (4, 8, 16)
    last = [value for found in searches for _, value in found[-8:]]
    # Uniform draws would score 1 - 1/4 - 0.1 * 2/3 on average: the mean distance from the floor, and two ranks of three.
    assert sum(last) / len(last) > 0.683 + 0.1
    assert all(max(value for _, value in found) > 0.85 for found in searches)


def test_the_same_runs_give_the_same_proposal() -> None:
    tried = [Tried(0, {"training.learning_rate": 0.001, "method.rank": 8}, "finished", [(1.0, 100, 0.9)])]
    assert adaptive_search.propose(METHODS, VARY, tried, higher=True, seed=1) == adaptive_search.propose(
        METHODS, VARY, tried, higher=True, seed=1
    )


def test_lower_is_better_where_the_metric_says_so() -> None:
    vary = {"training.learning_rate": {"low": 0.0, "high": 1.0}}
    tried: list[Tried] = []
    for at in range(24):
        _, settings = adaptive_search.propose(METHODS, vary, tried, higher=False, seed=3) or (0, {})
        rate = settings["training.learning_rate"]
        tried.append(Tried(0, settings, "finished", [(float(at), 100, 10 + rate)]))
    late = [each.settings["training.learning_rate"] for each in tried[-8:]]
    assert sum(late) / len(late) < 0.35


def test_a_search_ends_when_everything_was_tried() -> None:
    vary = {"method.rank": [4, 8]}
    tried = [Tried(0, {"method.rank": rank}, "finished", [(1.0, 100, 0.5)]) for rank in (4, 8)]
    assert adaptive_search.propose(METHODS, vary, tried, higher=True, seed=0) is None


def test_halving_keeps_the_better_half_at_each_rung() -> None:
    # By hand: at 20 % the values so far are compared; the first run always goes on, a later one only in the better half.
    curves = {"first": (0.5, 0.6), "better": (0.7, 0.8), "worse": (0.3, 0.9), "middling": (0.55, 0.6)}
    tried = [
        Tried(0, {"method.rank": 4 + place}, "working", [(10.0 * place, 20, low), (10.0 * place + 1, 40, high)])
        for place, (low, high) in enumerate(curves.values())
    ]
    vary = {"method.rank": [4, 5, 6, 7]}
    fallen = adaptive_search.behind(METHODS, vary, tried, higher=True)
    # `middling` is second of four at 20 % and goes on; at 40 % only two of first, better, middling may lead: one of three.
    assert fallen == {2: 20, 3: 40}
    # Where lower is better: 0.7 is behind 0.5, 0.3 leads until its 0.9, and 0.55 is third of four.
    assert adaptive_search.behind(METHODS, vary, tried, higher=False) == {1: 20, 2: 40, 3: 20}


def start(owner: str, **choices: object) -> str:
    sample = import_sample(owner, SAMPLES[0].name).id
    asked = {"methods": METHODS, "vary": VARY, "search": "adaptive", "most_runs": 6, "training": {"seed": 5}}
    return experiments.start(owner, dataset_id=sample, **{**asked, **choices}).id  # type: ignore[arg-type]


def rows(owner: str, experiment_id: str) -> list[dict]:
    return experiments.read(owner, experiment_id)["rows"]


def finish(run_id: str, right: int) -> None:
    end_run(run_id, rows_right(right, 10), rows_right(5, 10), total_steps=40)


def test_an_adaptive_search_grows_to_its_budget_and_ends(owner: str, any_database: str) -> None:
    made = start(owner)
    assert len(rows(owner, made)) == 4
    seen: set[str] = set()
    for turn in range(6):
        waiting = [row["id"] for row in rows(owner, made) if row["state"] == "queued"]
        finish(waiting[0], 6 + turn % 3)
        seen |= set(waiting)
        experiment_scheduler.tick()
        if turn < 5:
            assert experiments.read(owner, made)["state"] == "working"
    while waiting := [row["id"] for row in rows(owner, made) if row["state"] == "queued"]:
        finish(waiting[0], 6)
        experiment_scheduler.tick()
    told = experiments.read(owner, made)
    assert (len(told["rows"]), told["state"], told["plan"]["growing"]) == (6, "done", False)
    assert len({str(row["settings"]) for row in told["rows"]}) == 6
    assert set(told["plan"]["tried"]) == {row["id"] for row in told["rows"]}


def test_cancelling_ends_an_adaptive_search_between_two_runs(owner: str) -> None:
    made = start(owner, most_runs=12)
    for row in rows(owner, made):
        finish(row["id"], 7)
    assert experiments.read(owner, made)["state"] == "working"
    assert experiments.request_cancel(owner, made)["state"] == "done"
    experiment_scheduler.tick()
    assert len(rows(owner, made)) == 4
    with pytest.raises(Conflict):
        experiments.request_cancel(owner, made)


def test_a_run_that_fell_behind_is_stopped_with_the_reason(owner: str) -> None:
    made = start(owner, search="grid", vary={"method.rank": [4, 8, 16]}, halving=True)
    with transaction() as session:
        found = experiments.members_of(session, session.get_one(Experiment, made))
        for place, (run, value) in enumerate(zip(found, (0.8, 0.4, 0.9), strict=True)):
            job = session.get_one(Job, run.job_id)
            job.state, job.progress = RUNNING, {"step": 10, "total_steps": 40}
            session.add(MetricPoint(run_id=run.id, key="eval/accuracy", step=10, value=value, at=float(place)))
    assert experiment_scheduler.tick() == 1 and experiment_scheduler.tick() == 0
    told = {row["settings"]["rank"]: row["stopped"] for row in rows(owner, made)}
    assert told[4] is None and told[16] is None and "halving: at 25 %" in told[8]
