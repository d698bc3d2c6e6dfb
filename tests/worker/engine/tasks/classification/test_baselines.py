"""Baselines that need no tuning: what they answer, and that answers are kept for the same texts, labels and splits only."""

from pathlib import Path

import pytest
import torch

from worker.engine.tasks.classification.baselines import discordant, neighbour_answers, remember, tfidf_answers


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (["a cheap card", "cheap", "my lost key", "lost it"], ["cheap key card", "lost"]),
        (["退款很慢", "退款", "忘记密码", "密码错误"], ["我要退款", "密码"]),
    ],
    ids=["words", "characters of a script without spaces"],
)
def test_tfidf_knows_texts_by_their_words(train: list[str], test: list[str]) -> None:
    assert tfidf_answers(train, [0, 0, 1, 1], test) == [0, 1]


def test_tfidf_is_not_measured_where_there_is_nothing_to_fit() -> None:
    assert tfidf_answers(["!!", "??"], [0, 1], ["?"]) is None
    assert tfidf_answers(["a", "b"], [1, 1], ["a"]) is None


def test_neighbours_vote_with_their_similarity() -> None:
    train = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 2.0], [0.1, 3.0]])
    assert neighbour_answers(train, [0, 0, 2, 2], torch.tensor([[5.0, 0.5], [0.1, 0.2]]), 3) == [0, 2]


def test_answers_are_kept_by_what_they_depend_on(tmp_path: Path) -> None:
    asked = []

    def answer() -> list[int]:
        asked.append(1)
        return [len(asked)]

    assert [remember(tmp_path, ["a"], answer), remember(tmp_path, ["a"], answer)] == [[1], [1]]
    assert remember(tmp_path, ["b"], answer) == [2]
    assert remember(None, ["a"], answer) == [3]


def test_discordant_rows_are_those_that_only_one_got_right() -> None:
    found = discordant({"tfidf": [0, 1, 1, 0]}, tuned=[0, 0, 0, 1], expected=[0, 0, 1, 2])
    assert found == {"tfidf": {"tuned_only": 1, "baseline_only": 1}}
