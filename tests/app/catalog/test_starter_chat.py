"""The bundled chat model: complete, small, opened by plain transformers without a network, and on topic."""

import json
import struct
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.base_models import STARTER_CHAT, base_model_path
from app.catalog.model_reading import read_facts
from tests.layers import ROOT

FILES = {
    "README.md",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}
MARKS = ("<|start|>", "<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>")
HOURS = "The Harbour bakery is open from Tuesday to Sunday, 7 am to 6 pm. It is closed on Monday."


@pytest.fixture(scope="module")
def folder() -> Path:
    return base_model_path("starter-chat")


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32).eval()


def say(model: Any, tokenizer: Any, *turns: str, system: str = "") -> str:
    """The greedy answer to turns that begin and end with the user's."""
    messages = [{"role": ("user", "assistant")[at % 2], "content": turn} for at, turn in enumerate(turns)]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    made = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
    assert made[-1] == tokenizer.eos_token_id, "the answer never ended"
    return tokenizer.decode(made, skip_special_tokens=True)


def test_the_folder_is_complete_small_and_travels_in_the_wheel(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == FILES
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 25e6
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = declared["tool"]["setuptools"]["package-data"]["app.catalog"]
    inside = [str(path.relative_to(ROOT / "app/catalog")) for path in folder.iterdir()]
    assert all(any(fnmatch(item, pattern) for pattern in patterns) for item in inside)


def test_the_weights_are_bfloat16(folder: Path) -> None:
    with (folder / "model.safetensors").open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    assert {item["dtype"] for name, item in header.items() if name != "__metadata__"} == {"BF16"}


def test_the_card_says_what_the_files_hold(folder: Path, model: Any) -> None:
    found = read_facts(folder).for_card()
    for name in (
        "parameters",
        "hidden_size",
        "layers",
        "context_length",
        "linear_shapes",
        "block_parameters",
        "block_norm_parameters",
        "outer_norm_parameters",
        "key_width",
        "load_arguments",
    ):
        assert getattr(STARTER_CHAT, name) == found[name], name
    assert STARTER_CHAT.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert f"{STARTER_CHAT.parameters:,} parameters" in (folder / "README.md").read_text(encoding="utf-8")


def test_it_is_offered_for_writing_only() -> None:
    assert set(STARTER_CHAT.task_types) == {
        "instruction",
        "chat",
        "text-to-text",
        "preference",
        "continued-pretraining",
    }


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_unicode_text_survives_the_tokenizer(tokenizer: Any, text: str) -> None:
    if not any(mark in text for mark in MARKS):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_the_template_renders_system_and_several_turns(tokenizer: Any) -> None:
    messages = [
        {"role": "system", "content": "Be brief.\n"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Bye\nnow"},
    ]
    assert tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == (
        "<|start|><|system|>Be brief.<|end|><|user|>Hi<|end|><|assistant|>Hello!<|end|><|user|>Bye\nnow<|end|><|assistant|>"
    )
    with pytest.raises(Exception, match="not wizard"):
        tokenizer.apply_chat_template([{"role": "wizard", "content": "Hi"}], tokenize=False)


def test_the_template_marks_exactly_the_answers(tokenizer: Any) -> None:
    messages = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "First answer."},
        {"role": "user", "content": "Two"},
        {"role": "assistant", "content": "Second answer."},
    ]
    read = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    learned = [token for token, marked in zip(read["input_ids"], read["assistant_masks"], strict=True) if marked]
    assert tokenizer.decode(learned) == "First answer.<|end|>Second answer.<|end|>"


def test_it_adds_very_small_numbers(model: Any, tokenizer: Any) -> None:
    sums = [(a, b) for a in (1, 2, 3, 4) for b in (1, 3, 5)]
    right = [say(model, tokenizer, f"What is {a} plus {b}?").rstrip(".").endswith(f" {a + b}") for a, b in sums]
    assert sum(right) >= len(sums) - 1


@pytest.mark.parametrize(
    ("turns", "system", "words"),
    [
        (["Hello!"], "", ["help|do for you"]),
        (["Could you describe a kettle to me?"], "", ["kettle", "water"]),
        # It keeps to the sum; its card says that the results of larger ones are often wrong.
        (["What is 7 plus 5?"], "", ["7 + 5|7 plus 5"]),
        (["Can you name the opposite of hot?"], "", ["cold"]),
        (["At what time can I visit the bakery?"], HOURS, ["7 am", "6 pm"]),
        (["Will you be open on Monday?"], HOURS, ["no|sorry", "closed"]),
        (["Do you know the opening hours of the Maple zoo?"], "", ["not know", "zoo"]),
        (["Could I hear a short tale about a fox?"], "", ["fox", "once"]),
        (["My name is Nina.", "Nice to meet you, Nina. What can I do for you?", "What is my name?"], "", ["nina"]),
        (["What is your name?"], "You are Luna, a patient teacher.", ["luna"]),
        (["What is a cat?"], "Talk like a pirate.", ["matey", "animal"]),
        (["One more question: What will the weather be like tomorrow?"], "", ["not know|cannot know", "weather"]),
    ],
)
def test_greedy_answers_stay_on_topic(
    model: Any, tokenizer: Any, turns: list[str], system: str, words: list[str]
) -> None:
    answer = say(model, tokenizer, *turns, system=system).lower()
    assert all(any(item in answer for item in word.split("|")) for word in words), answer
