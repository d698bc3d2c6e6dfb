"""Prompts from held-out examples and greedy answers to them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import open_masker
from app.catalog.task_types.generative import Example, Turn
from tests.tiny_chat import CONTEXT
from tests.tiny_generation import talk
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.generation.samples import Generator, SamplePrompt, end_tokens, make_prompts

ExamplesOf = Callable[..., list[TokenizedExample]]


@pytest.fixture
def tokenizer(chat_base: tuple[BaseModelCard, Path]) -> Any:
    return load_tokenizer(chat_base[1])


@pytest.fixture
def prompts_of(chat_base: tuple[BaseModelCard, Path], tokenizer: Any, examples_of: ExamplesOf):
    masker = open_masker(chat_base[1])
    return lambda *talks, room=CONTEXT, count=9: make_prompts(examples_of(*talks), masker, tokenizer, room, count)


def test_prompt_of_a_conversation_is_all_before_the_last_answer(prompts_of, tokenizer: Any) -> None:
    one, two = prompts_of(talk("Hi", "Hello"), talk("Hi", "Hello", "More?", "No"))
    assert (one.text, one.reference) == ("Hi", "Hello")
    assert tokenizer.decode(one.ids) == "<|user|>Hi<|end|><|assistant|>"
    assert (two.text, two.reference) == ("User: Hi\nAssistant: Hello\nUser: More?", "No")
    assert tokenizer.decode(two.ids).endswith("<|user|>More?<|end|><|assistant|>")
    (system,) = prompts_of(Example((Turn("system", "Be kind."), Turn("user", "Hi"), Turn("assistant", "Yo"))))
    assert system.text == "System: Be kind.\nUser: Hi"


def test_prompt_of_running_text_is_its_beginning_and_needs_something_to_follow(prompts_of) -> None:
    # One byte is one token: 24 of them are the prompt, and 8 more must be there, an end mark among them.
    (prompt,) = prompts_of(Example(text="a" * 24 + "b" * 7), Example(text="a" * 24 + "b" * 6))
    assert (prompt.text, prompt.reference, len(prompt.ids)) == ("a" * 24, "b" * 7, 24)


def test_prompts_without_room_for_an_answer_are_left_out_and_the_number_is_limited(prompts_of) -> None:
    talks = [talk("x" * size, "y") for size in (5, 40, 6, 7)]
    # Three control tokens belong to the question, and eight tokens must remain for the answer.
    assert [prompt.text for prompt in prompts_of(*talks, room=40 + 3 + 7)] == ["x" * 5, "x" * 6, "x" * 7]
    assert len(prompts_of(*talks, room=40 + 3 + 8)) == 4
    assert len(prompts_of(*talks, count=2)) == 2


def test_row_that_was_cut_into_pieces_gives_one_prompt(prompts_of) -> None:
    assert len(prompts_of(Example(text="word " * 60))) == 1


def test_answers_do_not_depend_on_the_batch_and_stand_in_the_order_of_the_prompts(
    model: CausalLM, tokenizer: Any
) -> None:
    prompts = [[5, 60, 61], [7], [8, 9, 90, 91, 92, 93], [40, 41]]
    together = Generator(model.decoder, tokenizer, CONTEXT).generate(prompts, 12)
    assert together == Generator(model.decoder, tokenizer, CONTEXT, batch_rows=1).generate(prompts, 12)
    for prompt, answer in zip(prompts, together, strict=True):
        ids = torch.tensor([prompt])
        plain = model.decoder.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
        plain = plain[0, len(prompt) :].tolist()
        ends = end_tokens(model.decoder, tokenizer)
        assert answer == plain[: next((at for at, token in enumerate(plain) if token in ends), 12)]


def test_answer_ends_before_the_end_token_and_at_the_context_length(model: CausalLM, tokenizer: Any) -> None:
    free = Generator(model.decoder, tokenizer, CONTEXT).generate([[7]], 10)[0]
    assert len(free) == 10
    assert len(Generator(model.decoder, tokenizer, 5).generate([[7]], 10)[0]) == 4
    # The third token that the model writes becomes an end token.
    model.decoder.generation_config.eos_token_id = [free[2], tokenizer.eos_token_id]
    assert Generator(model.decoder, tokenizer, CONTEXT).generate([[7]], 10)[0] == free[: free.index(free[2])]


def test_end_tokens_are_those_of_model_and_tokenizer(model: CausalLM, tokenizer: Any) -> None:
    model.decoder.generation_config.eos_token_id = None
    assert end_tokens(model.decoder, tokenizer) == {tokenizer.eos_token_id}
    model.decoder.generation_config.eos_token_id = [50, 51]
    assert end_tokens(model.decoder, tokenizer) == {50, 51, tokenizer.eos_token_id}


def test_nul_of_a_byte_model_is_replaced(model: CausalLM, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nul = tokenizer.encode("\0 a", add_special_tokens=False)
    monkeypatch.setattr(Generator, "generate", lambda *_: [nul])
    (answer,) = Generator(model.decoder, tokenizer, CONTEXT).answer([SamplePrompt(1, "", "", [7])])
    assert answer == "\N{REPLACEMENT CHARACTER} a"
