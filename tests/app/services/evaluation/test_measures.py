"""Facts of a run that measures are read from."""

import math
from typing import Any

import pytest

from app.catalog.task_types import TASK_TYPES
from app.services.evaluation.answer_votes import VoteCount
from app.services.evaluation.measures import MEASURES, base_value, facts_of, value_at
from tests.app.services.evaluation.views import view_of


@pytest.mark.parametrize("value", [None, True, "0.5", math.nan, math.inf, {}])
def test_only_finite_numbers_are_values(value: Any) -> None:
    assert value_at({"metrics": {"accuracy": value}}, ("metrics", "accuracy")) is None


def test_missing_path_has_no_value() -> None:
    assert value_at({}, ("metrics", "accuracy")) is None
    assert value_at({"metrics": {"accuracy": 0.5}}, ("metrics", "accuracy")) == 0.5


def test_facts_have_the_last_values_and_the_gap() -> None:
    facts = facts_of(view_of("a"), {"train/loss": [[1, 2.0], [2, 0.5]], "eval/loss": [[2, 0.75]]})
    assert facts["last"] == {"train/loss": 0.5, "eval/loss": 0.75, "gap": 0.25}


def test_share_of_good_votes_is_of_the_judged_answers() -> None:
    assert facts_of(view_of("a", votes=VoteCount(up=3, down=1)), {})["votes"] == {"good": 0.75}
    assert facts_of(view_of("a", votes=VoteCount()), {})["votes"] == {}


def test_base_value_is_known_for_test_metrics_only() -> None:
    facts = facts_of(view_of("a", 0.95), {})
    values = {measure.key: base_value(facts, measure) for measure in MEASURES}
    assert values["test/accuracy"] == 0.9 and values["seconds/total"] is None


def test_every_score_of_every_task_is_a_measure_of_the_test_rows() -> None:
    titles = {measure.key: str(measure.title) for measure in MEASURES}
    assert {f"test/{score.key}" for task in TASK_TYPES for score in task.scores} <= titles.keys()
    assert titles["test/f1"] == "Entity F1 (test sentences)"
    assert titles["validation/perplexity"] == "Perplexity (validation rows, best)"
