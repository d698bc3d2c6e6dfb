"""The process that finds probable label errors: ``python -m worker.jobs.reviewer FOLDER``. It has no database address.

Reads ``job.json`` in the folder, writes ``progress.json`` while it works and ``result.json`` or ``error.json`` at the end.
"""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import files
from worker.engine.reporting.list_report import ListReport
from worker.processes import sandbox

if TYPE_CHECKING:
    import torch

MAX_SUSPECTS = 5000
MAX_LENGTH = 128


@dataclass(frozen=True)
class ReviewRequest:
    """The content of ``job.json``: files of the dataset version, its columns, and the encoder."""

    rows: Path
    splits: Path
    inputs: tuple[str, ...]
    label: str
    base_model: Path
    base_model_name: str
    threads: int

    @classmethod
    def read(cls, folder: Path) -> "ReviewRequest":
        """The request in a job's folder."""
        payload: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        paths = {name: Path(payload[name]) for name in ("rows", "splits", "base_model")}
        return cls(**{**payload, **paths, "inputs": tuple(payload["inputs"])})


@dataclass(frozen=True)
class ReviewRows:
    """Usable rows, column by column: ids, line numbers in the file, texts, labels."""

    ids: list[int]
    lines: list[int]
    texts: list[str]
    labels: list[str]


def main(folder: Path) -> int:
    """Review the rows that ``job.json`` names; 0 when done, 3 when refused."""
    sandbox.close_network()
    sandbox.set_limits()
    from app.errors import StudioError

    try:
        files.write_json(folder / "result.json", review(ReviewRequest.read(folder), folder))
    except StudioError as error:
        files.write_json(folder / "error.json", error.as_dict())
        return 3
    return 0


def review(request: ReviewRequest, folder: Path) -> dict[str, Any]:
    """``{"rows", "agreement", "doubtful", "suspects": [...]}``, worst first.

    ``agreement`` is the share of rows whose label the probe predicts. Suspects are ``{"row_id", "line", "given", "suggested",
    "margin", "content"}``; ``content`` stands for texts and label of the row, in any version.
    """
    from worker.engine.tasks.classification.label_noise import rank_doubts

    report = FolderReport(folder)
    report.phase("Reading the rows")
    rows = read_labelled(request)
    names = sorted(set(rows.labels))
    ids = {name: number for number, name in enumerate(names)}
    label_ids = [ids[label] for label in rows.labels]
    features = _features(request, rows, label_ids, len(names), report)
    report.phase("Comparing labels with those of similar rows")
    ranking = rank_doubts(features, label_ids, len(names))
    suspects = [doubt for doubt in ranking if doubt.confident]
    return {
        "rows": len(rows.ids),
        "agreement": sum(doubt.margin > 0 for doubt in ranking) / max(1, len(ranking)),
        "doubtful": len(suspects),
        "suspects": [
            {
                "row_id": rows.ids[doubt.row],
                "line": rows.lines[doubt.row],
                "given": names[doubt.given],
                "suggested": names[doubt.suggested],
                "margin": round(doubt.margin, 4),
                "content": content_key(rows.texts[doubt.row], names[doubt.given]),
            }
            for doubt in suspects[:MAX_SUSPECTS]
        ],
    }


def content_key(text: str, label: str) -> str:
    """A short name of a text with its label (hexadecimal)."""
    return hashlib.sha256(json.dumps([text, label]).encode()).hexdigest()[:32]


def read_labelled(request: ReviewRequest) -> ReviewRows:
    """The rows of all three splits, texts of several columns joined by a space."""
    from pyarrow import parquet

    splits = json.loads(request.splits.read_text(encoding="utf-8"))
    usable = {row_id for name in ("train", "validation", "test") for row_id in splits[name]}
    columns = list(dict.fromkeys(["_id", "_line", *request.inputs, request.label]))
    table = parquet.read_table(request.rows, columns=columns).to_pylist()
    rows = [row for row in table if row["_id"] in usable]
    return ReviewRows(
        ids=[row["_id"] for row in rows],
        lines=[row["_line"] for row in rows],
        texts=[" ".join(row[name] or "" for name in request.inputs) for row in rows],
        labels=[(row[request.label] or "").strip() for row in rows],
    )


def _features(
    request: ReviewRequest, rows: ReviewRows, label_ids: list[int], labels: int, report: ListReport
) -> "torch.Tensor":
    """Pooled features (rows, hidden size) of the base model."""
    import torch
    from accelerate import Accelerator

    from app.catalog.base_models import base_model
    from app.catalog.fetched_models import card_in
    from worker.engine.modeling.precision import choose_precision
    from worker.engine.modeling.tokenizer import load_tokenizer
    from worker.engine.tasks.classification.data import Encoded
    from worker.engine.tasks.classification.evaluate import read_all
    from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head
    from worker.engine.tasks.evaluation import EvaluationLoop

    if request.threads:
        torch.set_num_threads(request.threads)
    card = card_in(request.base_model) or base_model(request.base_model_name)
    tokenizer = load_tokenizer(request.base_model)
    tokens = tokenizer(rows.texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]
    model = PooledClassifier(load_encoder(request.base_model, card), make_head(card.hidden_size, labels), card).eval()
    accelerator = Accelerator(mixed_precision=choose_precision("auto"))
    model = accelerator.prepare_model(model, evaluation_mode=True)
    report.phase("Encoding the texts with the base model")
    encoded = Encoded(tokens, label_ids, 0)
    evaluation = EvaluationLoop(accelerator, report, tokenizer.pad_token_id)
    return read_all(model, encoded, evaluation, output="features")


class FolderReport(ListReport):
    """Writes the phase to ``progress.json``, which the worker reads. The process is killed to stop it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def phase(self, title: str) -> None:
        """A new part of the work has begun."""
        files.write_json(self._folder / "progress.json", {"phase": title}, durable=False)


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)
