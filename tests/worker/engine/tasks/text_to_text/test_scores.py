"""Written targets against the nearest of their references."""

import pytest

from worker.engine.tasks.text_to_text.prompts import TargetPrompt
from worker.engine.tasks.text_to_text.scores import count, score

PROMPTS = [TargetPrompt(1, "", "a green tea", [], ((2, "one tea"),)), TargetPrompt(3, "", "two mochas", [])]


def test_any_reference_makes_an_answer_right() -> None:
    answers = ["one tea", "two lattes"]
    found = score(PROMPTS, answers, count(PROMPTS, answers))
    assert found["exact_match"] == 0.5
    # Word for word the first, and one of two words of the second.
    assert found["rouge_l"] == pytest.approx((1 + 0.5) / 2)
    right = ["one tea", "two mochas"]
    assert found["chrf"] < score(PROMPTS, right, count(PROMPTS, right))["chrf"] == 1
