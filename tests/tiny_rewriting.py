"""Small rows of sources and targets, and tiny encoder-decoders made on the spot, for runs that make texts of texts."""

from pathlib import Path
from typing import Any

from app import manifest
from app.catalog import fetched_models
from app.catalog.card import BaseModelCard
from app.catalog.model_reading import read_facts
from app.catalog.spec import RunSpec
from tests.models.model_types import make_checkpoint
from tests.tiny import write_rows

DRINKS = ("tea", "latte", "mocha", "cocoa")


def pair(number: int) -> tuple[str, str]:
    """An order with a slip of the tongue, and what was meant."""
    drink, wrong = DRINKS[number % 4], DRINKS[(number // 4 + number + 1) % 4]
    return f"{number} {wrong} uh no {drink}", f"{number} {drink}"


def make_pair_rows(folder: Path, count: int = 40) -> None:
    """Write ``rows.parquet`` and ``splits.json``: 70/15/15."""
    pairs = [pair(number) for number in range(count)]
    write_rows(folder, {"source": [one for one, _ in pairs], "target": [other for _, other in pairs]}, first_line=1)


def make_pair_spec(method: dict[str, Any] | None = None, **training: Any) -> RunSpec:
    """A spec for these rows."""
    settings = {"epochs": 2, "batch_size": 8, "precision": "fp32", "max_length": 64, "learning_rate": 5e-3, **training}
    return RunSpec.model_validate(
        {
            "task_type": "text-to-text",
            "base_model": "tiny",
            "columns": {"source": "source", "target": "target"},
            "method": method or {"kind": "lora", "rank": 4},
            "training": settings,
            "dataset_sha256": "2" * 64,
        }
    )


def make_encoder_decoder(folder: Path, model_type: str = "t5") -> BaseModelCard:
    """Write a tiny encoder-decoder as its publisher would; returns the card that describes it."""
    make_checkpoint(model_type, folder)
    weights = {"model.safetensors": manifest.sha256_of(folder / "model.safetensors")}
    return fetched_models.write_card(
        folder, repo="tests/tiny", commit="0" * 40, licence="Apache-2.0", facts=read_facts(folder), weights=weights
    )
