"""Setting importance against scipy, the formulas written out, and hand-made cases."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from app.services.evaluation.importance import Importance, explain
from app.services.evaluation.settings_table import SettingRow


def setting(key: str, values: list[Any], title: str | None = None) -> SettingRow:
    by_run = {f"r{index}": value for index, value in enumerate(values)}
    return SettingRow(key, "Method", title or key, by_run, {}, True)


def importance(settings: Sequence[SettingRow], values: Sequence[float]) -> Importance:
    by_run = {f"r{index}": value for index, value in enumerate(values)}
    return explain(settings, by_run, metric="test/accuracy", title="Accuracy")


def test_numbers_use_spearmans_rank_correlation() -> None:
    rng = random.Random(3)
    rank = [4, 4, 8, 8, 16, 16, 32, 32]
    quality = [rng.random() + number / 20 for number in rank]
    row = importance([setting("method.rank", rank)], quality).rows[0]
    expected = stats.spearmanr(rank, quality).statistic
    assert row.strength == pytest.approx(expected**2)
    assert row.direction == ("up" if expected > 0 else "down")


def test_texts_use_the_rank_variance_between_groups() -> None:
    """Eta squared by its definition: the sum of squares between the groups over the whole sum."""
    method = ["lora", "lora", "lora", "full", "full", "full"]
    quality = [0.80, 0.82, 0.81, 0.90, 0.93, 0.79]
    row = importance([setting("method.kind", method)], quality).rows[0]
    ranks = np.array([2.0, 4.0, 3.0, 5.0, 6.0, 1.0])
    between = 3 * (ranks[:3].mean() - 3.5) ** 2 + 3 * (ranks[3:].mean() - 3.5) ** 2
    assert row.strength == pytest.approx(between / ((ranks - 3.5) ** 2).sum()) and row.direction is None


def test_strongest_setting_comes_first_with_its_p_value() -> None:
    rate = [1, 2, 3, 4, 5, 6, 7, 8]
    settings = [setting("seed", [3, 1, 2, 3, 1, 2, 3, 1]), setting("rate", rate), setting("same", [1] * 8)]
    found = importance(settings, [value / 10 for value in rate])
    assert [row.key for row in found.rows] == ["rate", "seed"]
    assert found.rows[0].strength == pytest.approx(1) and found.rows[0].p_value < 0.01
    assert found.rows[1].p_value > 0.2


def test_settings_that_changed_in_step_name_each_other() -> None:
    settings = [setting("rank", [4, 4, 8, 8, 16], "Rank"), setting("alpha", [8, 8, 16, 16, 32], "Alpha")]
    found = importance(settings, [1, 2, 3, 4, 5])
    assert {row.title: row.together for row in found.rows} == {"Rank": ["Alpha"], "Alpha": ["Rank"]}


def test_under_five_runs_and_unique_texts_are_left_out() -> None:
    assert importance([setting("rank", [1, 2, 3, 4])], [1, 2, 3, 4]) == Importance(
        "test/accuracy", "Accuracy", 4, 5, []
    )
    names = setting("columns.text", ["a", "b", "c", "d", "e"])
    assert importance([names], [1, 2, 3, 4, 5]).rows == []


@pytest.mark.parametrize("column", [[4, 4, 8, 8, 16, 16], ["a", "a", "b", "b", "b", "c"]])
def test_p_value_matches_permutations_computed_by_numpy(column: list[Any]) -> None:
    """The same permutations, with the correlation and the sums of squares written out."""
    quality = [0.3, 0.5, 0.4, 0.9, 0.7, 0.8]
    row = importance([setting("method.x", column)], quality).rows[0]
    ranks = stats.rankdata(quality)
    permuted = np.random.default_rng(0).permuted(np.tile(ranks, (2000, 1)), axis=1)
    centred = permuted - permuted.mean(axis=1, keepdims=True)
    if isinstance(column[0], str):
        groups = [np.array([value == name for value in column]) for name in "abc"]
        between = sum(centred[:, group].mean(axis=1) ** 2 * group.sum() for group in groups)
        strengths = between / (centred**2).sum(axis=1)
    else:
        settings = stats.rankdata(column) - np.mean(stats.rankdata(column))
        strengths = (centred @ settings) ** 2 / ((settings**2).sum() * (centred**2).sum(axis=1))
    assert row.p_value == ((strengths >= row.strength - 1e-12).sum() + 1) / 2001


def test_equal_metrics_are_explained_by_nothing() -> None:
    for column in ([1, 2, 3, 4, 5], ["a", "a", "b", "b", "b"]):
        row = importance([setting("method.x", column)], [0.5] * 5).rows[0]
        assert (row.strength, row.direction, row.p_value) == (0.0, None, 1.0)
