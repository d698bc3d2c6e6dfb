"""Base models that were fetched into the data folder: one folder each, with a card beside the files. Fetches nothing."""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from app import manifest, storage
from app.catalog.card import BaseModelCard
from app.catalog.model_facts import Config, shape_of
from app.catalog.task_types import TASK_TYPES
from app.errors import Conflict
from app.outside_names import path_inside

CARD = "card.json"
# Digits of the commit in a model's name: enough to tell versions apart, short enough to read.
COMMIT_DIGITS = 8


def model_name(repo: str, commit: str) -> str:
    """What a fetched model is called: its id on the hub and the commit."""
    return f"{repo}@{commit[:COMMIT_DIGITS]}"


def fetched_cards() -> tuple[BaseModelCard, ...]:
    """Cards of all complete folders, by name."""
    folders = sorted(
        path.parent for path in storage.models_dir().glob("*/" + CARD) if not path.parent.name.startswith(".")
    )
    return tuple(_read_card(folder, (folder / CARD).stat().st_mtime_ns) for folder in folders)


def fetched_cards_by_name() -> dict[str, BaseModelCard]:
    """The same by name."""
    return {card.name: card for card in fetched_cards()}


def fetched_path(card: BaseModelCard) -> Path:
    """The folder of a fetched model, every file of the size it had when its hash was checked.

    Raises:
        Conflict: a file is missing or has another size.
    """
    folder = storage.model_dir(card.name)
    files: dict[str, Any] = json.loads((folder / manifest.NAME).read_text(encoding="utf-8"))["files"]
    for name, facts in files.items():
        path = path_inside(folder, name)
        if not path.is_file() or path.stat().st_size != facts["bytes"]:
            raise Conflict(
                "model_damaged",
                f"The file {name!r} of {card.name!r} is missing or has changed.",
                "Fetch the model again.",
            )
    return folder


def card_in(folder: Path) -> BaseModelCard | None:
    """The card beside a model's files, if it was fetched; a trainer knows only the folder."""
    card = folder / CARD
    return _read_card(folder, card.stat().st_mtime_ns) if card.is_file() else None


def write_card(
    folder: Path, *, repo: str, commit: str, licence: str, config: Config, weights: dict[str, str]
) -> BaseModelCard:
    """Describe the files in a folder and put the card beside them.

    Args:
        weights: name -> SHA-256 of the files with weights.

    Raises:
        Rejected: the configuration describes no model that can be tuned here.
    """
    shape = shape_of(config)
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    talks = bool(tokenizer.get("chat_template")) or (folder / "chat_template.jinja").exists()
    pooling, normalize = _pooling(folder)
    card = BaseModelCard(
        name=model_name(repo, commit),
        title=repo.split("/")[-1],
        summary=_summary(shape.family, talks),
        licence=licence,
        source=f"{repo}, commit {commit}",
        parameters=_count_weights(folder, list(weights)),
        hidden_size=shape.hidden_size,
        layers=shape.layers,
        context_length=shape.context_length,
        linear_shapes=shape.linear_shapes,
        package="",
        folder="",
        weights_sha256=next(iter(weights.values())),
        hub_id=repo,
        task_types=_task_types(shape.family),
        pooling=pooling,
        normalize=normalize,
        load_arguments=shape.load_arguments,
        block_parameters=shape.block_parameters,
        attention_shapes=shape.attention_shapes,
        block_norm_parameters=shape.block_norm_parameters,
        outer_norm_parameters=shape.outer_norm_parameters,
        key_width=shape.key_width,
    )
    (folder / CARD).write_text(json.dumps(asdict(card), indent=1), encoding="utf-8")
    return card


@lru_cache(maxsize=256)
def _read_card(folder: Path, _changed: int) -> BaseModelCard:
    values: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    for name in ("linear_shapes", "load_arguments"):
        values[name] = tuple(tuple(pair) for pair in values[name])
    return BaseModelCard(**{**values, "task_types": tuple(values["task_types"])})


def _task_types(family: str) -> tuple[str, ...]:
    wanted = ("generation",) if family == "decoder" else ("classification", "tokens")
    return tuple(task.kind for task in TASK_TYPES if task.family in wanted)


def _pooling(folder: Path) -> tuple[str, bool]:
    """How sentence-transformers says that the model was trained to be pooled; plain encoders: the mean, not normalised."""
    config_file = folder / "1_Pooling" / "config.json"
    modules = folder / "modules.json"
    pooling: dict[str, Any] = json.loads(config_file.read_text(encoding="utf-8")) if config_file.exists() else {}
    first = bool(pooling.get("pooling_mode_cls_token"))
    return "first" if first else "mean", modules.exists() and "Normalize" in modules.read_text(encoding="utf-8")


def _count_weights(folder: Path, names: list[str]) -> int:
    """Weights of all files, from the headers of the safetensors format: 8 bytes of length, then JSON."""
    total = 0
    for name in names:
        with (folder / name).open("rb") as source:
            header = json.loads(source.read(int.from_bytes(source.read(8), "little")))
        for key, facts in header.items():
            if key != "__metadata__":
                count = 1
                for size in facts["shape"]:
                    count *= size
                total += count
    return total


def _summary(family: str, talks: bool) -> str:
    if family == "encoder":
        return "Fetched from the Hugging Face Hub; reads texts."
    return f"Fetched from the Hugging Face Hub; {'answers in a chat' if talks else 'continues texts'}."
