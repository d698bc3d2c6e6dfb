"""One line of the matrix: a type of model that was fetched is tuned by several methods, saved, and opened again elsewhere."""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalog.base_models import base_model_path
from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.requirements import require_parts
from app.catalog.model_facts import ENCODER, ENCODER_DECODER
from app.errors import Rejected, StudioError
from tests import tiny, tiny_generation, tiny_rewriting, tiny_tokens
from tests.forked_libraries import LibraryProcess
from tests.methods.choice import SMALL
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

STEPS, BATCH_ROWS = 20, 8
# Weights of a few bits need a library for them, and round these tiny matrices to nothing; the engine's tests have them.
NOT_HERE = ("qlora", "head-only")
ANSWER_TOLERANCE = 2e-3


@dataclass
class Line:
    """What became of one type of model; ``refused`` are methods with the reason in words."""

    model_type: str
    tasks: tuple[str, ...] = ()
    trained: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def cells(self) -> list[str]:
        """One row of the table."""
        reasons = [f"{name}: {why}" for name, why in {**self.refused, **self.failed}.items()]
        tasks = ", ".join(self.tasks)
        return [self.model_type, tasks, ", ".join(self.trained), ", ".join(self.reopened), "; ".join(reasons) or "-"]


@dataclass(frozen=True)
class Bench:
    """Where runs of a matrix take place: rows by task, and processes that have no code of the studio."""

    folder: Path
    libraries: LibraryProcess

    def rows(self, task: str) -> Path:
        """The rows of a task, 160 of them for training: 20 steps read each once."""
        folder = self.folder / f"rows-{task}"
        if not folder.exists():
            folder.mkdir()
            if task == "text-classification":
                tiny.make_rows(folder, per_label=76)
            elif task == "token-classification":
                tiny_tokens.make_rows(folder, count=228)
            elif task == "text-to-text":
                tiny_rewriting.make_pair_rows(folder, count=228)
            else:
                tiny_generation.make_chat_rows(folder, count=228)
        return folder


def drawn(card: BaseModelCard, task: str, count: int) -> list[str]:
    """Full fine-tuning, LoRA and ``count`` more methods for the task, another choice for each type of model."""
    known = [method.model_fields["kind"].default for method in METHODS if task in method.task_types]
    rest = [kind for kind in known if kind not in ("full", "lora", *NOT_HERE)]
    start = zlib.crc32(card.model_type.encode())
    return ["full", "lora", *(rest[(start + step * 11) % len(rest)] for step in range(count))]


def tune(bench: Bench, card: BaseModelCard, line: Line, methods: Mapping[str, Sequence[str]]) -> None:
    """Tune the model for each task with its methods, and note what became of it.

    Args:
        methods: task -> methods.
    """
    for task, kinds in methods.items():
        for kind in kinds:
            name = f"{kind} ({task.split('-')[0]})"
            try:
                job = _job(bench, card, task, kind)
                require_parts(job.spec.method, card)
                job.spec.method.check(card)
            except Rejected as refusal:
                line.refused[name] = refusal.message
                continue
            try:
                _run(bench, job, line, name)
            except (
                StudioError,
                AssertionError,
                RuntimeError,
                ValueError,
                TypeError,
                KeyError,
                AttributeError,
            ) as error:
                line.failed[name] = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            except (NotImplementedError, IndexError) as error:
                line.failed[name] = " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _job(bench: Bench, card: BaseModelCard, task: str, kind: str) -> TrainingJob:
    method = {"kind": kind, **SMALL.get(kind, {})}
    settings: dict[str, Any] = {"epochs": 1, "batch_size": BATCH_ROWS, "measure_forgetting": "no"}
    if task == "text-classification":
        spec = tiny.make_spec(method, max_length=96, **settings)
    elif task == "token-classification":
        spec = tiny_tokens.make_spec(method, **settings)
    elif task == "text-to-text":
        spec = tiny_rewriting.make_pair_spec(method, **settings)
    else:
        spec = tiny_generation.make_chat_spec(method, **settings)
    folder = bench.folder / f"{card.model_type}-{task}-{kind}"
    folder.mkdir()
    rows = bench.rows(task)
    return TrainingJob(
        spec, card, base_model_path(card.name), rows / "rows.parquet", rows / "splits.json", folder, None
    )


def _run(bench: Bench, job: TrainingJob, line: Line, name: str) -> None:
    report = ListReport()
    results = train(job, report)
    assert results["total_steps"] == STEPS
    assert math.isfinite(results["train_loss"])
    line.trained.append(name)
    _reopen(bench, job)
    line.reopened.append(name)


def _reopen(bench: Bench, job: TrainingJob) -> None:
    """The download's own script, in a process that has torch, transformers and peft alone, answers as the studio did."""
    adapter = job.folder / "adapter"
    first = json.loads((job.folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    environment = {"BASE_MODEL": str(job.base_folder), "HOME": str(bench.folder)}
    printed = bench.libraries.run(adapter / "use_me.py", [first["input"]], bench.folder, environment).text
    if job.spec.task_type == "text-classification":
        label, share, _text = printed.strip().split("\t")
        assert (label, first["input"]) == (first["answer"], _text), (printed, first)
        assert abs(float(share) - first["score"]) < ANSWER_TOLERANCE, (printed, first)
    elif job.spec.task_type == "token-classification":
        assert json.loads(printed)["text"] == first["input"]
        assert _spans(json.loads(printed)) == _spans(json.loads(first["answer"])), (printed, first)
    else:
        assert printed.strip().startswith(first["answer"].strip()), (printed, first)


def _spans(found: Any) -> list[list[Any]]:
    entities = found["entities"] if isinstance(found, dict) else found
    return [list(entity)[:3] for entity in entities]


def sample_methods(card: BaseModelCard) -> dict[str, list[str]]:
    """For a quick look: LoRA alone."""
    if card.architecture == ENCODER:
        return {"text-classification": ["lora"]}
    if card.architecture == ENCODER_DECODER:
        return {"text-to-text": ["full", "lora"]}
    return {"chat": ["lora"], "text-classification": ["lora"]}


def all_methods(card: BaseModelCard) -> dict[str, list[str]]:
    """Full fine-tuning, LoRA and three more on the main task; LoRA on the others."""
    tagging = {"token-classification": ["lora"]} if "token-classification" in card.task_types else {}
    if card.architecture == ENCODER:
        return {"text-classification": drawn(card, "text-classification", 3), **tagging}
    if card.architecture == ENCODER_DECODER:
        return {"text-to-text": drawn(card, "text-to-text", 3)}
    return {"chat": drawn(card, "chat", 3), "text-classification": ["lora"], **tagging}
