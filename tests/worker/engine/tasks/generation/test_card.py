"""The card and the script of a language model's download; that the script writes right is tested in ``test_generation``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from tests.tiny_generation import make_chat_spec
from tests.worker.engine.reporting.test_results import RUN
from worker.engine.reporting.results import GenerationResults
from worker.engine.tasks.generation.card import example, model_card

SCORES = {"loss": 1.0, "perplexity": 2.7183, "token_accuracy": 0.5}
TASK = GenerationResults(
    metrics=SCORES,
    intervals={"perplexity": [2.5, 3.0]},
    baseline={"untouched": {**SCORES, "perplexity": 9.0}},
    labels=[],
    test_rows=1200,
    cut_rows=7,
    change={},
    template="plain turns",
    system_prompt="",
    packed=True,
    test_tokens=34567,
    answered_rows=24,
    left_out_rows=0,
    counting_perplexity=500.0,
    answer_language={"tuned": 0.5, "base": 0.4, "reference": 0.6},
    answer_repeats={"repeating": 0, "base": 1},
)


def card_of(base: tuple[BaseModelCard, Path], **spec: Any) -> str:
    return model_card(make_chat_spec(**spec), base[0], replace(RUN, task=TASK))


def test_card_tells_of_test_rows_that_are_copies(chat_base: tuple[BaseModelCard, Path]) -> None:
    text = model_card(make_chat_spec(), chat_base[0], replace(RUN, task=TASK, leaking_rows=13))
    assert "13 are copies of training rows" in text and "took no part" not in text


def test_card_states_scores_beside_the_untouched_model(chat_base: tuple[BaseModelCard, Path]) -> None:
    text = card_of(chat_base)
    assert "pipeline_tag: text-generation" in text
    assert "1,200 held-out rows (34,567 predicted tokens) that took no part in training" in text
    assert "between 2.50 and 3.00 (95 % interval)" in text
    assert "| 2.7183 | 9.0000 |" in text
    assert "- chat template: plain turns" in text
    assert "cut after 96 tokens (7 training rows were)" in text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "it learned from the assistant's turns"),
        ({"learn_from": "everything"}, "it learned from questions and answers"),
        ({"task_type": "continued-pretraining", "columns": {"text": "t"}}, "it learned from every word of the text"),
    ],
)
def test_card_says_what_was_in_the_loss(chat_base: tuple[BaseModelCard, Path], spec: dict, words: str) -> None:
    assert words in card_of(chat_base, **spec)


def test_script_asks_after_the_system_prompt_of_the_training(chat_base: tuple[BaseModelCard, Path]) -> None:
    system = 'It\'s "brief"\n{now}'
    script = example(make_chat_spec(), chat_base[0], system)
    compile(script, "use_me.py", "exec")
    assert f'{{"role": "system", "content": {system!r}}}, {{"role": "user"' in script
    assert "system" not in example(make_chat_spec(), chat_base[0])


@pytest.mark.parametrize(
    ("kind", "task_type", "there", "absent"),
    [
        ("lora", "chat", ["PeftModel.from_pretrained", "apply_chat_template"], []),
        ("full", "chat", ["from_pretrained(here"], ["PeftModel", "BASE_MODEL"]),
        ("qlora", "chat", ["BitsAndBytesConfig(load_in_4bit=True"], []),
        ("lora", "continued-pretraining", ["tokenizer(beginning"], ["apply_chat_template"]),
    ],
)
def test_script_loads_what_the_method_left(
    chat_base: tuple[BaseModelCard, Path], kind: str, task_type: str, there: list[str], absent: list[str]
) -> None:
    columns = {"text": "t"} if task_type == "continued-pretraining" else {"messages": "m"}
    script = example(make_chat_spec({"kind": kind}, task_type=task_type, columns=columns), chat_base[0])
    compile(script, "use_me.py", "exec")
    assert all(words in script for words in there) and not any(words in script for words in absent)
