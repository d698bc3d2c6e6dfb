"""Answers beside what was expected, as nodes."""

import json

from studio_ui.components.judged_answers import expected_words, judged
from studio_ui.pages.playground_answers import answer_of


def test_sets_show_what_is_missing_and_what_is_too_much() -> None:
    shown = json.dumps(judged("labels", '["a", "c"]', '["a", "b"]', 0.7))
    assert "label-extra" in shown and "label-missing" in shown and "missing: " in shown and "wrong: " in shown
    right = json.dumps(judged("labels", "[]", "[]"))
    assert "no label" in right and "right: " in right and "label-missing" not in right


def test_labels_and_numbers_are_shown_as_themselves() -> None:
    assert "answer-right" in json.dumps(judged("label", "a", "a")) and judged("label", None, "a") == "–"
    assert expected_words("label", "a") == "a" and "label-chip" in json.dumps(expected_words("labels", '["a"]'))


def test_playground_shows_the_given_labels_with_their_thresholds() -> None:
    answer = {
        "labels": ["bug"],
        "probabilities": {"bug": 0.8, "billing": 0.2},
        "thresholds": {"bug": 0.4, "billing": 0.5},
    }
    shown = json.dumps(answer_of([("", "it crashed")], answer, {}))
    assert '"bug"' in shown and "from 40.0" in shown
    assert "no label" in json.dumps(answer_of([("", "hello")], {**answer, "labels": []}, {}))


def test_numbers_have_their_distance_beside_them_and_several_their_names() -> None:
    one = json.dumps(judged("number", "2.5", "4.0"), ensure_ascii=False)
    assert '"2.5"' in one and '"−1.5"' in one and "answer-wrong" not in one
    two = json.dumps(judged("number", '{"tone": 1.0, "style": 3.0}', '{"tone": 0.5, "style": 3.0}'), ensure_ascii=False)
    assert '"tone: "' in two and '"+0.5"' in two and '"±0"' in two
    assert '"0.25"' in json.dumps(expected_words("number", "0.25"))


def test_playground_shows_a_number_beside_those_it_was_learned_from() -> None:
    answer = {"numbers": {"score": 2.0}, "means": {"score": 3.0}, "deviations": {"score": 0.5}}
    shown = json.dumps(answer_of([("", "it crashed")], answer, {}))
    assert "about the mean of the training rows, 3" in json.dumps(
        answer_of([("", "x")], {**answer, "numbers": {"score": 3.01}}, {})
    )
    assert '"reply-label"' in shown and "2.0 standard deviations below the mean of the training rows, 3" in shown
