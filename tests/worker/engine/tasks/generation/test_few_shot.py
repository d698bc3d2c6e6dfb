"""The base model with examples in the prompt: which rows, which tokens, and what is left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import open_masker
from app.catalog.task_types.generative import Example, Turn
from tests.tiny_chat import CONTEXT
from tests.tiny_generation import talk
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.generation import few_shot
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.few_shot import FewShot
from worker.engine.tasks.generation.samples import make_prompts

ExamplesOf = Callable[..., list[TokenizedExample]]
TRAIN = [talk("a?", "A"), talk("b?", "B"), talk("c?", "B"), talk("d?", "D")]


@pytest.fixture
def attempt(chat_base: tuple[BaseModelCard, Path], examples_of: ExamplesOf) -> Callable[..., FewShot | None]:
    """Of training and test conversations, with one prompt for each test row."""
    masker, tokenizer = open_masker(chat_base[1]), load_tokenizer(chat_base[1])

    def make(train: list[Example], test: list[Example], room: int = CONTEXT) -> FewShot | None:
        tested = examples_of(*test)
        return few_shot.attempt(
            examples_of(*train), tested, make_prompts(tested, masker, tokenizer, room, 9), masker, room
        )

    return make


def _learned(example: TokenizedExample) -> list[int]:
    return [token for token, counts in zip(example.ids, example.loss_mask, strict=True) if counts]


def test_three_examples_with_different_answers_stand_before_the_question(attempt, chat_base: Any) -> None:
    found = attempt(TRAIN, [talk("e?", "E")])
    text = load_tokenizer(chat_base[1]).decode(found.prompts[0].ids)
    turns = [("a?", "A"), ("b?", "B"), ("d?", "D")]
    shown = "".join(f"<|user|>{question}<|end|><|assistant|>{answer}<|end|>" for question, answer in turns)
    assert text == f"{shown}<|user|>e?<|end|><|assistant|>"


def test_only_the_tokens_that_the_run_is_scored_on_count(attempt, examples_of: ExamplesOf) -> None:
    test = [talk("e?", "Yes"), talk("f?", "No", "More?", "None")]
    alone, found = examples_of(*test), attempt(TRAIN, test)
    assert found.rows == [0, 1]
    for longer, row in zip(found.examples, alone, strict=True):
        assert longer.weight == row.weight
        learned = [_learned(one) for one in (longer, row)]
        assert learned[0] == learned[1] != []


def test_system_message_of_the_test_row_stays_first(attempt, chat_base: Any) -> None:
    asked = Example((Turn("system", "Be kind."), Turn("user", "e?"), Turn("assistant", "E")))
    found = attempt(TRAIN, [asked])
    text = load_tokenizer(chat_base[1]).decode(found.examples[0].ids)
    assert text.count("Be kind.") == 1 and text.index("Be kind.") < text.index("a?") < text.index("e?")


def test_rows_that_do_not_fit_beside_the_examples_are_left_out(attempt) -> None:
    found = attempt(TRAIN, [talk("e?", "E"), talk("x" * 40, "y")], room=60)
    # The second question alone needs more than what three shown conversations leave of 60 tokens.
    assert found.rows == [0] and found.prompts == []


@pytest.mark.parametrize("train", [TRAIN[:2], [talk(f"{n}?", "same") for n in range(9)], []])
def test_without_three_different_answers_there_is_no_such_baseline(attempt, train: list[Example]) -> None:
    assert attempt(train, [talk("e?", "E")]) is None
