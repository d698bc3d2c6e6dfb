"""Indicative importance against scipy and hand-made cases."""

import random

import pytest
from scipy import stats

from app.services.evaluation.importance import explain, ranked


def setting(key: str, values: list, title: str | None = None) -> dict:
    return {"key": key, "title": title or key, "values": {f"r{at}": value for at, value in enumerate(values)}}


def metric(values: list[float]) -> dict[str, float]:
    return {f"r{at}": value for at, value in enumerate(values)}


def test_numbers_go_by_spearmans_rank_correlation() -> None:
    dice = random.Random(3)
    rank = [4, 4, 8, 8, 16, 16, 32, 32]
    quality = [dice.random() + number / 20 for number in rank]
    row = explain([setting("method.rank", rank)], metric(quality))["rows"][0]
    expected = stats.spearmanr(rank, quality).statistic
    assert row["strength"] == pytest.approx(expected**2)
    assert row["direction"] == ("up" if expected > 0 else "down")
    assert list(ranked([3.0, 1.0, 3.0, 2.0])) == list(stats.rankdata([3.0, 1.0, 3.0, 2.0]))


def test_words_go_by_the_variance_between_their_groups() -> None:
    """H of Kruskal and Wallis is (n - 1) times the share between the groups."""
    method = ["lora", "lora", "lora", "full", "full", "full"]
    quality = [0.80, 0.82, 0.81, 0.90, 0.93, 0.79]
    row = explain([setting("method.kind", method)], metric(quality))["rows"][0]
    h = stats.kruskal(quality[:3], quality[3:]).statistic
    assert row["strength"] == pytest.approx(h / 5) and row["direction"] is None


def test_what_is_strong_comes_first_and_chance_is_told() -> None:
    rate = [1, 2, 3, 4, 5, 6, 7, 8]
    told = explain(
        [setting("seed", [3, 1, 2, 3, 1, 2, 3, 1]), setting("rate", rate), setting("same", [1] * 8)],
        metric([rate_ / 10 for rate_ in rate]),
    )
    assert [row["key"] for row in told["rows"]] == ["rate", "seed"]
    assert told["rows"][0]["strength"] == pytest.approx(1) and told["rows"][0]["p_value"] < 0.01
    assert told["rows"][1]["p_value"] > 0.2


def test_settings_that_changed_in_step_name_each_other() -> None:
    told = explain(
        [setting("rank", [4, 4, 8, 8, 16], "Rank"), setting("alpha", [8, 8, 16, 16, 32], "Alpha")],
        metric([1, 2, 3, 4, 5]),
    )
    assert {row["title"]: row["together"] for row in told["rows"]} == {"Rank": ["Alpha"], "Alpha": ["Rank"]}


def test_under_five_runs_and_names_of_runs_are_not_explained() -> None:
    assert explain([setting("rank", [1, 2, 3, 4])], metric([1, 2, 3, 4])) == {"runs": 4, "fewest": 5, "rows": []}
    names = setting("columns.text", ["a", "b", "c", "d", "e"])
    assert explain([names], metric([1, 2, 3, 4, 5]))["rows"] == []
