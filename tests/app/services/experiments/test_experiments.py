"""Experiments: equal conditions for all, a table that tells ties as ties, advice with its reason, kept budgets."""

from typing import Any

import pytest

from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import CANCELLED, RUNNING, Experiment, Job, MetricPoint, Run
from app.services.accounts.accounts import add_user
from app.services.datasets.datasets import SAMPLES, import_sample
from app.services.experiments import experiment_scheduler, experiments, plans
from app.services.runs import runs
from tests.app.outcomes import end_run, rows_right

LORA, FULL = {"kind": "lora"}, {"kind": "full"}


@pytest.fixture
def sample(owner: str) -> str:
    return import_sample(owner, SAMPLES[0].name).id


def members(experiment_id: str) -> list[Run]:
    with transaction() as session:
        return experiments.members_of(session, session.get_one(Experiment, experiment_id))


def test_a_shoot_out_queues_every_method_under_the_same_conditions(owner: str, sample: str, any_database: str) -> None:
    data = import_sample(owner, SAMPLES[0].name).id
    shootout = experiments.start(owner, dataset_id=data, methods=[LORA, FULL], training={"epochs": 2, "seed": 7})
    found = members(shootout.id)
    assert [run.method for run in found] == ["lora", "full"]
    assert len({run.dataset_version_id for run in found}) == 1
    assert all(run.spec["training"] == found[0].spec["training"] for run in found)
    assert found[0].spec["training"]["seed"] == 7 and {run.job.state for run in found} == {"queued"}
    told = experiments.read(owner, shootout.id)
    assert (told["state"], told["counts"]["active"]) == ("working", 2)
    assert told["advice"]["run"] is None and told["advice"]["final"] is False
    assert experiments.list_experiments(owner)[0]["runs"] == 2


def test_it_goes_on_from_a_finished_run_without_repeating_it(owner: str, sample: str) -> None:
    first = runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=sample,
            base_model="starter-encoder",
            task_type="text-classification",
            method=LORA,
            training={"epochs": 5},
        ),
    )
    end_run(first.id, rows_right(90, 100), rows_right(80, 100))
    shootout = experiments.start(owner, run_id=first.id, methods=[LORA, FULL])
    assert [run.method for run in members(shootout.id)] == ["lora", "full"]
    assert [run.spec["training"]["epochs"] for run in members(shootout.id)] == [5, 5]
    row = experiments.read(owner, shootout.id)["rows"][0]
    assert (row["id"], row["quality"], row["base"]) == (first.id, 0.9, 0.8)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"methods": [LORA]}, "too_few_runs"),
        ({"methods": []}, "no_method"),
        ({"methods": [{"kind": "magic"}, LORA]}, "unknown_method"),
        ({"vary": {"method.rank": []}}, "bad_range"),
        ({"vary": {"method.colour": [1]}}, "unknown_field"),
        ({"vary": {"method.rank": [0, 8]}}, "range"),
        ({"vary": {"training.seed": list(range(20))}}, "too_many_runs"),
        ({"vary": {"training.learning_rate": {"low": 1e-5, "high": 1e-3, "log": True}}}, "bad_range"),
        ({"search": "guess"}, "unknown_search"),
    ],
)
def test_plans_that_cannot_work_are_refused_and_leave_nothing(
    owner: str, sample: str, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        experiments.start(owner, **{"dataset_id": sample, "methods": [LORA, FULL], **change})
    assert refused.value.code == code
    assert runs.list_runs(owner) == [] and experiments.list_experiments(owner) == []


def test_a_grid_takes_every_combination_a_method_has() -> None:
    vary = {"method.rank": [4, 8], "training.epochs": [1, 2, 3]}
    found = plans.plan([LORA, FULL], vary=vary)
    assert len(found) == 2 * 3 + 3  # full tuning has no rank
    assert len({each.words for each in found}) == 9
    assert found[0].words == "LoRA, rank 4, passes over the data 1"
    assert found[0].method == {"kind": "lora", "rank": 4} and found[0].training == {"epochs": 1}


def test_a_random_search_stays_in_range_and_budget_and_repeats() -> None:
    vary = {"training.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True}, "method.rank": [4, 8]}
    found = plans.plan([LORA], vary=vary, search="random", most_runs=10, seed=3)
    rates = [each.training["learning_rate"] for each in found]
    assert len(set(rates)) == 10 and all(1e-5 <= rate <= 1e-2 for rate in rates)
    assert sum(rate < 3e-4 for rate in rates) >= 2, "logarithmic: small rates come up as often as large ones"
    assert found == plans.plan([LORA], vary=vary, search="random", most_runs=10, seed=3)
    assert len(plans.plan([LORA], vary={"method.rank": [4, 8]}, search="random", most_runs=9)) == 2


def started(owner: str, sample: str, methods: int = 3, **options: Any) -> tuple[str, list[Run]]:
    ranks = [4, 8, 16, 32][:methods]
    made = experiments.start(owner, dataset_id=sample, methods=[LORA], vary={"method.rank": ranks}, **options)
    return made.id, members(made.id)


def test_a_clear_winner_is_named_and_the_others_are_behind(owner: str, sample: str) -> None:
    shootout, (one, two, three) = started(owner, sample)
    base = rows_right(140, 200)
    end_run(one.id, rows_right(190, 200), base)
    end_run(two.id, rows_right(150, 200), base, adapter_bytes=10_000)
    end_run(three.id, rows_right(130, 200), base)
    told = experiments.read(owner, shootout)
    assert [(row["id"], row["rank"]) for row in told["rows"]] == [
        (one.id, "best"),
        (two.id, "behind"),
        (three.id, "behind"),
    ]
    assert [row["verdict"] for row in told["rows"]] == ["better", "better", "worse"]
    assert told["rows"][0]["change"] == pytest.approx(0.25) and told["base"] == 0.7
    assert told["rows"][1]["best_in"] == ["adapter_bytes"]
    assert told["advice"]["run"] == one.id and "measurably behind" in told["advice"]["reason"]
    assert told["state"] == "done" and told["advice"]["final"] is True


def test_among_ties_the_cheapest_is_advised(owner: str, sample: str) -> None:
    shootout, (one, two, three) = started(owner, sample)
    base = rows_right(50, 100)
    end_run(one.id, rows_right(90, 100), base, seconds=100, adapter_bytes=80_000_000)
    end_run(two.id, rows_right(88, 100), base, seconds=50, adapter_bytes=1_000_000)
    end_run(three.id, rows_right(60, 100), base, seconds=10, adapter_bytes=1000)
    told = experiments.read(owner, shootout)
    assert [row["rank"] for row in told["rows"]] == ["best", "tied", "behind"]
    assert told["advice"]["run"] == two.id
    assert "cannot tell it from LoRA, rank 4" in told["advice"]["reason"]
    assert "80 times less download" in told["advice"]["reason"] and "100 test rows" in told["advice"]["reason"].lower()


def test_of_equal_runs_the_quicker_stands_first_and_has_the_star(owner: str, sample: str) -> None:
    shootout, (slow, quick) = started(owner, sample, 2)
    for run, seconds in ((slow, 200), (quick, 3)):
        end_run(run.id, rows_right(45, 50), rows_right(45, 50), seconds=seconds)
    told = [(row["id"], row["rank"]) for row in experiments.read(owner, shootout)["rows"]]
    assert told == [(quick.id, "best"), (slow.id, "tied")]


def test_without_a_measurable_gain_nothing_is_recommended(owner: str, sample: str) -> None:
    shootout, found = started(owner, sample, 2)
    for at, run in enumerate(found):
        end_run(run.id, rows_right(41 + at, 50), rows_right(40, 50))
    advice = experiments.read(owner, shootout)["advice"]
    assert (
        advice["run"] is None
        and "linear probe on the base model" in advice["sentence"]
        and "50 test rows" in advice["reason"]
    )


def test_many_comparisons_need_stronger_evidence(owner: str, sample: str) -> None:
    """Six more rows right and none wrong: p = 0.031 alone, but not when four such questions are asked at once."""
    shootout, found = started(owner, sample, 4)
    for run in found:
        end_run(run.id, rows_right(86, 100), rows_right(80, 100))
    rows = experiments.read(owner, shootout)["rows"]
    assert {row["verdict"] for row in rows} == {"unclear"}
    assert {row["rank"] for row in rows} == {"best", "tied"}


def test_use_this_one_is_remembered_and_starred(owner: str, sample: str) -> None:
    shootout, found = started(owner, sample, 2)
    assert experiments.choose(owner, shootout, found[1].id)["chosen_run_id"] == found[1].id
    assert runs.get_run(owner, found[1].id).starred
    with pytest.raises(NotFound):
        experiments.choose(owner, shootout, "00000000-0000-0000-0000-000000000000")


def test_minutes_that_are_spent_take_waiting_runs_out(owner: str, sample: str) -> None:
    shootout, (one, two, three) = started(owner, sample, most_minutes=2)
    end_run(one.id, rows_right(5, 10), rows_right(5, 10), seconds=100)
    assert experiment_scheduler.tick() == 0
    end_run(two.id, rows_right(5, 10), rows_right(5, 10), seconds=30)
    assert experiment_scheduler.tick() == 1 and experiment_scheduler.tick() == 0
    row = next(row for row in experiments.read(owner, shootout)["rows"] if row["id"] == three.id)
    assert row["state"] == CANCELLED and "2 minutes" in row["stopped"]


@pytest.mark.parametrize(("step", "accuracy", "stops"), [(60, 0.2, 1), (20, 0.2, 0), (60, 0.78, 0)])
def test_only_the_hopeless_are_stopped_early(owner: str, sample: str, step: int, accuracy: float, stops: int) -> None:
    shootout, (one, two, _) = started(owner, sample, stop_hopeless=True)
    end_run(one.id, rows_right(80, 100), rows_right(50, 100))
    with transaction() as session:
        job = session.get_one(Job, two.job_id)
        job.state, job.progress = RUNNING, {"step": step, "total_steps": 100}
        session.add(MetricPoint(run_id=two.id, key="eval/accuracy", step=step, value=accuracy, at=1.0))
    assert experiment_scheduler.tick() == stops
    with transaction() as session:
        assert (session.get_one(Job, two.job_id).cancel_requested_at is not None) == bool(stops)
    assert experiment_scheduler.tick() == 0


def test_cancelling_stops_what_still_waits(owner: str, sample: str) -> None:
    shootout, (one, *_) = started(owner, sample)
    end_run(one.id, rows_right(8, 10), rows_right(5, 10))
    assert [row["state"] for row in experiments.request_cancel(owner, shootout)["rows"]] == [
        "succeeded",
        "cancelled",
        "cancelled",
    ]
    with pytest.raises(Conflict):
        experiments.request_cancel(owner, shootout)


def test_somebody_elses_experiment_does_not_exist(owner: str, sample: str) -> None:
    shootout, found = started(owner, sample, 2)
    other = add_user("bob").id
    for act in (experiments.read, experiments.request_cancel):
        with pytest.raises(NotFound):
            act(other, shootout)
    with pytest.raises(NotFound):
        experiments.choose(other, shootout, found[0].id)
    with pytest.raises(NotFound):
        experiments.start(other, run_id=found[0].id, methods=[LORA, FULL])
    assert experiments.list_experiments(other) == []
