"""The task types that there are."""

import pytest

from app.catalog.task_types import TASK_TYPES, score_unit, task_type
from app.errors import Rejected


def test_task_types_say_what_they_need():
    for item in TASK_TYPES:
        assert item.kind and item.title and item.summary and item.roles and item.primary_metric in item.metric_titles


def test_kinds_are_distinct_and_found() -> None:
    assert len({task.kind for task in TASK_TYPES}) == len(TASK_TYPES)
    assert all(task_type(task.kind) is task for task in TASK_TYPES)


def test_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Rejected) as caught:
        task_type("poetry")
    assert caught.value.code == "unknown_task_type"
    assert all(task.kind in caught.value.hint for task in TASK_TYPES)


def test_scores_say_how_they_are_read() -> None:
    for task in TASK_TYPES:
        keys = [score.key for score in task.scores]
        assert keys[0] == task.primary_metric and len(set(keys)) == len(keys) and "loss" not in keys
        assert task.metric_titles.keys() == {*keys, "loss"}


def test_unit_of_a_score_is_known_by_its_key() -> None:
    assert [score_unit(key) for key in ("accuracy", "perplexity", "loss")] == ["share", "number", "number"]
