"""Base models that were fetched into the data folder: one folder each, with a card beside the files. Fetches nothing."""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from app import manifest, storage
from app.catalog.card import BaseModelCard
from app.catalog.chat_templates import PLAIN_TURNS_NAME, read_template
from app.catalog.methods.base import served_tasks
from app.catalog.model_facts import DECODER, ENCODER_DECODER, ModelFacts, with_tuples
from app.catalog.task_types import TASK_TYPES, kinds_of
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
    folder: Path, *, repo: str, commit: str, licence: str, facts: ModelFacts, weights: dict[str, str]
) -> BaseModelCard:
    """Describe the files in a folder and put the card beside them.

    Args:
        weights: name -> SHA-256 of the files with weights.
    """
    talks = read_template(folder).name != PLAIN_TURNS_NAME
    card = BaseModelCard(
        name=model_name(repo, commit),
        title=repo.split("/")[-1],
        summary=_summary(facts.architecture, talks),
        licence=licence,
        source=f"{repo}, commit {commit}",
        package="",
        folder="",
        weights_sha256=next(iter(weights.values())),
        hub_id=repo,
        task_types=served_tasks(facts.kinds),
        **{**facts.for_card(), **_pooling(folder, facts)},
    )
    (folder / CARD).write_text(json.dumps(asdict(card), indent=1), encoding="utf-8")
    return card


@lru_cache(maxsize=256)
def _read_card(folder: Path, _changed: int) -> BaseModelCard:
    values: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    values = with_tuples(values)
    if values.get("kinds"):
        # A task type that came with a later version is served as well.
        values["task_types"] = served_tasks(values["kinds"])
    elif "task_types" in values:
        # A card of an earlier version, without kinds: all of a family that it serves.
        families = {task.family for task in TASK_TYPES if task.kind in values["task_types"]}
        values["task_types"] = kinds_of(*families)
    return BaseModelCard(**values)


def _pooling(folder: Path, facts: ModelFacts) -> dict[str, Any]:
    """How sentence-transformers says that the model was trained to be pooled.

    Otherwise, not normalised: the mean for encoders; the last token, which alone has read all others, for decoders.
    """
    config_file = folder / "1_Pooling" / "config.json"
    modules = folder / "modules.json"
    normalize = modules.exists() and "Normalize" in modules.read_text(encoding="utf-8")
    if not config_file.exists():
        return {"normalize": normalize}
    pooling: dict[str, Any] = json.loads(config_file.read_text(encoding="utf-8"))
    modes = {"pooling_mode_cls_token": "first", "pooling_mode_lasttoken": "last", "pooling_mode_mean_tokens": "mean"}
    named = next((name for key, name in modes.items() if pooling.get(key)), None)
    return {"normalize": normalize, **({"pooling": named} if named else {})}


def _summary(architecture: str, talks: bool) -> str:
    if architecture == ENCODER_DECODER:
        return "Fetched from the Hugging Face Hub; reads one text and writes another."
    if architecture != DECODER:
        return "Fetched from the Hugging Face Hub; reads texts."
    return f"Fetched from the Hugging Face Hub; {'answers in a chat' if talks else 'continues texts'}."
