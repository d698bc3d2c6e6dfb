"""The tiny chat model with a card, and small conversations in one style, for runs of text generation."""

import json
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from app import manifest, storage
from app.catalog import fetched_models
from app.catalog.card import BaseModelCard
from app.catalog.model_reading import read_facts
from app.catalog.spec import RunSpec
from app.catalog.task_types.generative import Example, Turn
from tests.tiny import write_rows
from tests.tiny_chat import CONTEXT, make_chat_base

DRINKS = ("tea", "latte", "mocha", "cocoa")
GENERATIVE = ("instruction", "chat", "continued-pretraining")


def make_chat_card(folder: Path) -> BaseModelCard:
    """Write the tiny chat model; returns the card that describes it."""
    make_chat_base(folder)
    config = AutoConfig.from_pretrained(folder)
    width, inner = config.hidden_size, config.intermediate_size
    shapes = ((width, width),) * 4 + ((width, inner),) * 2 + ((inner, width),)
    block = sum(a * b for a, b in shapes) + 2 * width
    return BaseModelCard(
        name="tiny-chat",
        title="Tiny chat",
        summary="",
        licence="Apache-2.0",
        source="made by the tests",
        parameters=2 * block + 2 * config.vocab_size * width + width,
        hidden_size=width,
        layers=2,
        context_length=CONTEXT,
        linear_shapes=shapes,
        hub_id="tests/tiny-chat",
        package="",
        folder="",
        weights_sha256="tiny-chat",
        task_types=GENERATIVE,
        block_parameters=block,
        block_norm_parameters=2 * width,
        outer_norm_parameters=width,
    )


def conversation(number: int) -> list[dict[str, str]]:
    """Two or four turns about a drink; the clerk always answers in the same words."""
    drink = DRINKS[number % len(DRINKS)]
    turns = [{"role": "user", "content": f"One {drink}"}, {"role": "assistant", "content": f"A {drink}, coming up!"}]
    return (
        turns if number % 3 else [*turns, {"role": "user", "content": "ta"}, {"role": "assistant", "content": "Bye!"}]
    )


def make_chat_rows(folder: Path, count: int = 40) -> None:
    """Write ``rows.parquet`` and ``splits.json``: 70/15/15."""
    cells = [json.dumps(conversation(number)) for number in range(count)]
    write_rows(folder, {"messages": cells}, first_line=1)


def make_chat_spec(
    method: dict[str, Any] | None = None,
    *,
    task_type: str = "chat",
    columns: dict[str, str] | None = None,
    **training: Any,
) -> RunSpec:
    """A spec for the tiny conversations."""
    settings = {"epochs": 2, "batch_size": 8, "precision": "fp32", "max_length": 96, "learning_rate": 5e-3, **training}
    return RunSpec.model_validate(
        {
            "task_type": task_type,
            "base_model": "tiny-chat",
            "columns": columns or {"messages": "messages"},
            "method": method or {"kind": "lora", "rank": 4},
            "training": settings,
            "dataset_sha256": "1" * 64,
        }
    )


def install_chat_model() -> str:
    """Put the tiny chat model among the fetched ones of this data folder; returns its name."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    name = fetched_models.model_name("tests/tiny-chat", commit)
    folder = storage.model_dir(name)
    make_chat_base(folder)
    weights = {"model.safetensors": manifest.sha256_of(folder / "model.safetensors")}
    fetched_models.write_card(
        folder, repo="tests/tiny-chat", commit=commit, licence="Apache-2.0", facts=read_facts(folder), weights=weights
    )
    manifest.write(folder)
    return name


def write_chat_file(path: Path, count: int = 40) -> Path:
    """A file of conversations as people upload it."""
    rows = [json.dumps({"messages": conversation(number)}) + "\n" for number in range(count)]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def talk(*words: str) -> Example:
    """A conversation of these messages, the user first."""
    roles = ("user", "assistant") * len(words)
    return Example(tuple(Turn(role, word) for role, word in zip(roles, words, strict=False)))
