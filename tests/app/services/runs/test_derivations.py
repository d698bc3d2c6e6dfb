"""Runs derived from others: what is queued, and which runs are refused as parents."""

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import can
from app.errors import Conflict, NotFound, Rejected
from app.models import QUEUED
from app.services.runs import derivations
from tests.app.finished_runs import finished
from tests.app.services.evaluation.test_entity_verdicts import MISSED, RIGHT, SPEC_TOKENS, end_run
from tests.factories import make_run, make_user, make_version


def test_runs_that_cannot_be_merged_combined_or_shrunk_are_refused_by_name(owner: str) -> None:
    first = finished(owner, "First")
    for kind in (method.model_fields["kind"].default for method in METHODS):
        method = method_class(kind)
        run_id = finished(owner, kind, method={"kind": kind})
        actions = {
            "merge": lambda run_id=run_id: derivations.merge(owner, run_id),
            "shrink": lambda run_id=run_id: derivations.shrink(owner, run_id),
            "combine": lambda run_id=run_id: derivations.combine(owner, derivations.CombineRequest([first, run_id])),
        }
        for ability, act in actions.items():
            if not can(method, ability):
                with pytest.raises(Rejected, match="cannot") as caught:
                    act()
                assert caught.value.code == "method_cannot" and method.title in caught.value.message


def test_adapters_with_a_classification_head_of_their_own_are_not_combined(owner: str) -> None:
    place = make_version(owner)
    runs = [make_run(owner, place, name, SPEC_TOKENS) for name in ("one", "other")]
    for run in runs:
        end_run(run.id, [RIGHT] * 5, [MISSED] * 5)
    with pytest.raises(Rejected, match="Models that label words cannot be combined"):
        derivations.combine(owner, derivations.CombineRequest([run.id for run in runs]))


def test_average_has_the_sum_of_ranks_and_names_its_parents(owner: str) -> None:
    ids = [finished(owner, "First"), finished(owner, "Second")]
    run = derivations.combine(owner, derivations.CombineRequest(ids, weights=[3, 1]))
    assert (run.name, run.job.state, run.spec["method"]["rank"]) == ("First + Second", QUEUED, 16)
    assert [(parent["run_id"], parent["weight"]) for parent in run.spec["origin"]["parents"]] == [
        (ids[0], 3.0),
        (ids[1], 1.0),
    ]


def test_unfinished_runs_and_those_of_others_cannot_be_parents(owner: str) -> None:
    ids = [finished(owner, "First"), make_run(owner, make_version(owner), "Second").id]
    with pytest.raises(Conflict, match="only runs that succeeded"):
        derivations.combine(owner, derivations.CombineRequest(ids))
    with pytest.raises(NotFound):
        derivations.merge(make_user(), ids[0])
