"""One row in a hundred is bad, in the twelve ways B-11 to B-22: named before anything is queued, and no run dies of the rest.

Each kind is a file as people upload it. What its report leaves usable is trained by the real engine on a tiny model.
"""

import csv
import io
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.state import AcceleratorState

from app import storage
from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.services.datasets import datasets, imports
from tests.faults.bench import Bench
from tests.faults.world import World
from tests.tiny import make_base
from tests.tiny_generation import make_chat_card
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

ROWS, EVERY = 400, 100
SORTS, TALKS, TAGS = "text-classification", "chat", "token-classification"


@dataclass(frozen=True)
class Poison:
    """``write(number, bad)`` gives one row; ``task`` is what the data is read as, ``ending`` how the file is named."""

    name: str
    write: Callable[[int, bool], Any]
    task: str = SORTS
    ending: str = "csv"


def _sorted(
    text: Callable[[int], str] | None = None, label: Callable[[int], str] | None = None
) -> Callable[[int, bool], Any]:
    def write(number: int, bad: bool) -> dict[str, str]:
        usual, kind = f"message number {number} about a thing", ("card", "refund")[number % 2]
        return {"text": text(number) if bad and text else usual, "label": label(number) if bad and label else kind}

    return write


def _talk(bad_turns: list[dict[str, str]]) -> Callable[[int, bool], Any]:
    def write(number: int, bad: bool) -> dict[str, Any]:
        usual = [
            {"role": "user", "content": f"One tea {number}"},
            {"role": "assistant", "content": "A tea, coming up!"},
        ]
        return {"messages": bad_turns if bad else usual}

    return write


def _marked(number: int, bad: bool) -> dict[str, Any]:
    return {
        "text": f"my card {number} is lost",
        "spans": [[0, 900, "ITEM"], [3, 5, "ITEM"]] if bad else [[3, 7, "ITEM"]],
    }


def _raw(words: str) -> Callable[[int, bool], Any]:
    usual = _sorted()
    return lambda number, bad: words if bad else usual(number, bad)


USER = {"role": "user", "content": "One tea"}
POISONS = (
    Poison("B-11 a class with one example", _sorted(label=lambda number: f"only {number}")),
    Poison(
        "B-12 labels of mixed kinds",
        _sorted(label=lambda number: ("Card ", "CARD", "card.", "refund ")[number // EVERY]),
    ),
    Poison("B-13 nothing visible", _sorted(text=lambda number: ("", "\u200b", " \t", "\ufeff")[number // EVERY])),
    Poison("B-14 longer than any model reads", _sorted(text=lambda number: "word " * 14_000)),
    Poison("B-15 a cell of megabytes", _sorted(text=lambda number: "x" * 2_000_000)),
    Poison("B-16 the same row again", _sorted(text=lambda number: "the same words", label=lambda number: "card")),
    Poison("B-17 special tokens in the text", _sorted(text=lambda number: "[CLS] a card </s> <|im_start|> [MASK]")),
    Poison("B-18 numbers that JSON does not have", _raw('{"text": NaN, "label": Infinity}'), ending="jsonl"),
    Poison("B-19 broken lines", _raw('{"text": "a card", "label": '), ending="jsonl"),
    Poison("B-20 turns out of order", _talk([USER, USER]), TALKS, "jsonl"),
    Poison("B-21 nothing to learn from", _talk([USER, {"role": "assistant", "content": ""}]), TALKS, "jsonl"),
    Poison("B-22 marks outside the text", _marked, TAGS, "jsonl"),
)


def poison_rows(bench: Bench, count: int) -> None:
    """F-14: every kind of bad row is named before queueing, and what is left trains to the end."""
    trained = 0
    with bench.world("F-14") as world:
        models = _Models(world.home / "models")
        for number in range(count):
            poison = POISONS[number % len(POISONS)]
            path = world.home / f"poison-{number}.{poison.ending}"
            path.write_text("".join(_lines(poison)), encoding="utf-8", newline="")
            report = datasets.check_file(path, path.name, task_type=poison.task)
            assert report["status"] in ("warnings", "rejected"), f"{poison.name} passed unseen"
            assert any(problem.get("rows") for problem in report["problems"]), f"{poison.name}: no row is named"
            if report["status"] == "warnings":
                _train(world, models, poison, path)
                trained += 1
    bench.notes["F-14"] = f"{trained} trained to the end without the bad rows"


def _lines(poison: Poison) -> Iterator[str]:
    rows = [poison.write(number, number % EVERY == EVERY // 2) for number in range(ROWS)]
    if poison.ending == "jsonl":
        yield from ((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
        return
    out = io.StringIO()
    writer = csv.DictWriter(out, ("text", "label"))
    writer.writeheader()
    writer.writerows(rows)
    yield out.getvalue()


class _Models:
    """A tiny model of each kind."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self._folder = folder
        for name in ("reads", "writes"):
            (folder / name).mkdir(parents=True)
        self._reader, self._writer = make_base(folder / "reads"), make_chat_card(folder / "writes")

    def of(self, task: str) -> tuple[BaseModelCard, Path]:
        return (self._writer, self._folder / "writes") if task == TALKS else (self._reader, self._folder / "reads")


def _train(world: World, models: _Models, poison: Poison, path: Path) -> None:
    dataset = imports.import_file(world.owner, (path, path.name), task_type=poison.task)
    version = datasets.latest_version(dataset)
    card, base = models.of(poison.task)
    folder, rows = world.home / f"trained-{path.stem}", storage.dataset_dir(version.id)
    folder.mkdir()
    spec = RunSpec.model_validate(
        {
            "task_type": poison.task,
            "base_model": card.name,
            "columns": version.columns,
            "labels": sorted(version.labels),
            "method": {"kind": "lora", "rank": 2},
            "dataset_sha256": version.content_sha256,
            "training": {"epochs": 1, "batch_size": 64, "max_length": 32, "precision": "fp32"},
        }
    )
    _learn(TrainingJob(spec, card, base, rows / "rows.parquet", rows / "splits.json", folder))
    assert (folder / "result.json").exists()


def _learn(order: TrainingJob) -> None:
    # Each run has a process of its own; accelerate keeps its settings for the life of one.
    AcceleratorState._reset_state(reset_partial_state=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train(order, ListReport())
