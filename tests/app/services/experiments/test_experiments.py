"""Experiments: the same data and settings for all runs, ranking with ties, advice with its reason, budgets."""

from typing import Any

import pytest

from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import Experiment, Run
from app.services.accounts.accounts import add_user
from app.services.datasets.datasets import SAMPLES, import_sample
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest
from app.services.runs import runs
from tests.app.outcomes import end_run, rows_right

LORA, FULL = {"kind": "lora"}, {"kind": "full"}


@pytest.fixture
def sample(owner: str) -> str:
    return import_sample(owner, SAMPLES[0].name).id


def start(owner: str, **choices: Any) -> Experiment:
    return experiments.start(owner, ExperimentRequest(**choices))


def members(experiment_id: str) -> list[Run]:
    with transaction() as session:
        return experiments.members_of(session, session.get_one(Experiment, experiment_id))


def test_every_method_is_queued_with_the_same_data_and_settings(owner: str, sample: str, any_database: str) -> None:
    data = import_sample(owner, SAMPLES[0].name).id
    made = start(owner, dataset_id=data, methods=[LORA, FULL], training={"epochs": 2, "seed": 7})
    found = members(made.id)
    assert [run.method for run in found] == ["lora", "full"]
    assert len({run.dataset_version_id for run in found}) == 1
    assert all(run.spec["training"] == found[0].spec["training"] for run in found)
    assert found[0].spec["training"]["seed"] == 7 and {run.job.state for run in found} == {"queued"}
    table = experiments.read(owner, made.id).table
    assert (table.state, table.counts.active) == ("working", 2)
    assert table.advice.run is None and table.advice.final is False
    assert experiments.list_experiments(owner)[0].runs == 2


def test_experiment_from_a_finished_run_does_not_repeat_it(owner: str, sample: str) -> None:
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
    made = start(owner, run_id=first.id, methods=[LORA, FULL])
    assert [run.method for run in members(made.id)] == ["lora", "full"]
    assert [run.spec["training"]["epochs"] for run in members(made.id)] == [5, 5]
    row = experiments.read(owner, made.id).table.rows[0]
    assert (row.id, row.quality, row.base) == (first.id, 0.9, 0.8)


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
def test_invalid_plans_are_refused_and_leave_nothing(
    owner: str, sample: str, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        start(owner, **{"dataset_id": sample, "methods": [LORA, FULL], **change})
    assert refused.value.code == code
    assert runs.list_runs(owner) == [] and experiments.list_experiments(owner) == []


def started(owner: str, sample: str, methods: int = 3, **options: Any) -> tuple[str, list[Run]]:
    ranks = [4, 8, 16, 32][:methods]
    made = start(owner, dataset_id=sample, methods=[LORA], vary={"method.rank": ranks}, **options)
    return made.id, members(made.id)


def test_clear_winner_is_advised_and_the_others_are_behind(owner: str, sample: str) -> None:
    made, (one, two, three) = started(owner, sample)
    base = rows_right(140, 200)
    end_run(one.id, rows_right(190, 200), base)
    end_run(two.id, rows_right(150, 200), base, adapter_bytes=10_000)
    end_run(three.id, rows_right(130, 200), base)
    table = experiments.read(owner, made).table
    assert [(row.id, row.rank) for row in table.rows] == [
        (one.id, "best"),
        (two.id, "behind"),
        (three.id, "behind"),
    ]
    assert [row.verdict for row in table.rows] == ["better", "better", "worse"]
    assert table.rows[0].change == pytest.approx(0.25) and table.base == 0.7
    assert table.rows[1].best_in == ["adapter_bytes"]
    assert table.advice.run == one.id and "significantly behind" in table.advice.reason
    assert table.state == "done" and table.advice.final is True


def test_cheapest_of_ties_is_advised(owner: str, sample: str) -> None:
    made, (one, two, three) = started(owner, sample)
    base = rows_right(50, 100)
    end_run(one.id, rows_right(90, 100), base, seconds=100, adapter_bytes=80_000_000)
    end_run(two.id, rows_right(88, 100), base, seconds=50, adapter_bytes=1_000_000)
    end_run(three.id, rows_right(60, 100), base, seconds=10, adapter_bytes=1000)
    table = experiments.read(owner, made).table
    assert [row.rank for row in table.rows] == ["best", "tied", "behind"]
    assert table.advice.run == two.id
    assert "no significant difference from LoRA, rank 4" in table.advice.reason
    assert "80 times less download" in table.advice.reason and "100 test rows" in table.advice.reason.lower()


def test_faster_of_equal_runs_ranks_first(owner: str, sample: str) -> None:
    made, (slow, quick) = started(owner, sample, 2)
    for run, seconds in ((slow, 200), (quick, 3)):
        end_run(run.id, rows_right(45, 50), rows_right(45, 50), seconds=seconds)
    ranks = [(row.id, row.rank) for row in experiments.read(owner, made).table.rows]
    assert ranks == [(quick.id, "best"), (slow.id, "tied")]


def test_nothing_is_advised_without_a_significant_gain(owner: str, sample: str) -> None:
    made, found = started(owner, sample, 2)
    for at, run in enumerate(found):
        end_run(run.id, rows_right(41 + at, 50), rows_right(40, 50))
    advice = experiments.read(owner, made).table.advice
    assert (
        advice.run is None and "linear probe on the base model" in advice.sentence and "50 test rows" in advice.reason
    )


def test_p_values_are_corrected_for_multiple_comparisons(owner: str, sample: str) -> None:
    """Six more rows right and none wrong: p = 0.031 alone, but not when four such questions are asked at once."""
    made, found = started(owner, sample, 4)
    for run in found:
        end_run(run.id, rows_right(86, 100), rows_right(80, 100))
    rows = experiments.read(owner, made).table.rows
    assert {row.verdict for row in rows} == {"unclear"}
    assert {row.rank for row in rows} == {"best", "tied"}


def test_chosen_run_is_stored_and_starred(owner: str, sample: str) -> None:
    made, found = started(owner, sample, 2)
    assert experiments.choose(owner, made, found[1].id).chosen_run_id == found[1].id
    assert runs.get_run(owner, found[1].id).starred
    with pytest.raises(NotFound):
        experiments.choose(owner, made, "00000000-0000-0000-0000-000000000000")


def test_cancel_stops_waiting_runs(owner: str, sample: str) -> None:
    made, (one, *_) = started(owner, sample)
    end_run(one.id, rows_right(8, 10), rows_right(5, 10))
    assert [row.state for row in experiments.request_cancel(owner, made).table.rows] == [
        "succeeded",
        "cancelled",
        "cancelled",
    ]
    with pytest.raises(Conflict):
        experiments.request_cancel(owner, made)


def test_experiment_of_another_user_is_not_found(owner: str, sample: str) -> None:
    made, found = started(owner, sample, 2)
    other = add_user("bob").id
    for act in (experiments.read, experiments.request_cancel):
        with pytest.raises(NotFound):
            act(other, made)
    with pytest.raises(NotFound):
        experiments.choose(other, made, found[0].id)
    with pytest.raises(NotFound):
        start(other, run_id=found[0].id, methods=[LORA, FULL])
    assert experiments.list_experiments(other) == []
