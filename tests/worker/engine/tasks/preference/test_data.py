"""Preferences as tokens: pairs stay together, single answers are put into pairs once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import open_masker
from app.catalog.task_types.preference_pairs import PreferenceExample, read_pair
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.generation.data import tokenize_and_mask
from worker.engine.tasks.preference.data import TokenizedAnswers, match, other_answers, tokenize_answers

Tokenize = Callable[..., TokenizedAnswers]


@pytest.fixture
def tokens_of(chat_base: tuple[BaseModelCard, Path]) -> Tokenize:
    masker = open_masker(chat_base[1])

    def tokenize(*examples: PreferenceExample, room: int = 96) -> TokenizedAnswers:
        return tokenize_answers(
            list(enumerate(examples, start=5)), lambda flat: tokenize_and_mask(flat, masker, room, ListReport())
        )

    return tokenize


def pair(asked: str, chosen: str, rejected: str) -> PreferenceExample:
    return read_pair({"p": asked, "c": chosen, "r": rejected}, {"prompt": "p", "chosen": "c", "rejected": "r"})


def marked(asked: str, answer: str, mark: str) -> PreferenceExample:
    return read_pair({"p": asked, "c": answer, "m": mark}, {"prompt": "p", "chosen": "c", "mark": "m"})


def test_both_answers_of_a_row_stay_together(tokens_of: Tokenize) -> None:
    found = tokens_of(
        pair("Hi", "Yes", "No"), pair("A question that is long " * 5, "Yes", "No"), pair("Ho", "Aye", "Nay")
    )
    assert found.pairs == [(0, 1), (2, 3)] and found.left_out == 1 and not found.marked
    assert [answer.row_id for answer in found.examples] == [5, 5, 7, 7]
    assert [answer.example.answer for answer in found.examples] == ["Yes", "No", "Aye", "Nay"]
    # Three letters and the end mark; the request is no part of the loss.
    assert [answer.weight for answer in found.examples] == [4, 3, 4, 4]


def test_single_answers_are_compared_once_those_to_the_same_request_first(tokens_of: Tokenize) -> None:
    found = tokens_of(
        marked("A", "good a", "true"),
        marked("B", "bad b", "false"),
        marked("A", "bad a", "false"),
        marked("C", "good c", "1"),
    )
    assert found.marked and found.good == [True, False, False, True]
    assert found.pairs == [(0, 2), (3, 1)]
    # The good answer to C stands beside the bad one to B.
    assert found.unlike_pairs == 1
    assert match(found.examples[:1], [True]) == []


def test_answer_to_another_request_keeps_the_request(tokens_of: Tokenize) -> None:
    found = tokens_of(pair("Hi", "Yes", "No"), pair("Ho", "Aye", "Nay"))
    others = other_answers(found.examples, 96)
    one, other = found.examples[0], found.examples[2]
    start = one.loss_mask.index(True)
    assert others[0].ids == one.ids[:start] + other.ids[other.loss_mask.index(True) :]
    assert sum(others[0].loss_mask) == sum(other.loss_mask)
    assert all(len(answer.ids) <= 8 for answer in other_answers(found.examples, 8)) or start >= 8


def test_rows_of_which_one_answer_is_cut_away_are_left_out(tokens_of: Tokenize) -> None:
    assert tokens_of(pair("Hi", "Yes", "No"), room=4).pairs == []


def test_a_row_of_which_both_answers_are_cut_counts_once(tokens_of: Tokenize) -> None:
    assert tokens_of(pair("Hi", "Yes, indeed", "No, not at all"), pair("Ho", "A", "B"), room=8).cut_rows == 1


def test_a_row_that_just_fits_is_not_cut_and_one_whose_answers_differ_after_the_cut_is_left_out(
    tokens_of: Tokenize,
) -> None:
    room = max(len(answer.ids) for answer in tokens_of(pair("Hi", "Yes", "No")).examples)
    found = tokens_of(
        pair("Hi", "Yes", "No"), pair("Hi", "Never", "Nay"), pair("Hi", "Yesterday", "Yesteryear"), room=room
    )
    assert [answer.row_id for answer in found.examples] == [5, 5, 6, 6]
    assert (found.cut_rows, found.left_out) == (1, 1)
