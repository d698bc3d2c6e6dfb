"""The process that looks for doubtful labels: ``python -m worker.jobs.reviewer FOLDER``. Has no database and no secret.

Reads ``job.json`` in the folder, writes ``progress.json`` while it works and ``result.json`` or ``error.json`` at the end.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from app import files
from worker.engine.reporting.list_report import ListReport
from worker.processes import sandbox

SHOWN = 200
MAX_LENGTH = 128


def main(folder: Path) -> int:
    """Review the rows that ``job.json`` names; 0 when done, 3 when refused."""
    sandbox.close_network()
    sandbox.set_limits()
    from app.errors import StudioError

    try:
        told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        files.write_json(folder / "result.json", review(told, folder))
    except StudioError as error:
        files.write_json(folder / "error.json", error.as_dict())
        return 3
    return 0


def review(told: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``{"rows", "doubtful", "suspects": [{"row_id", "line", "given", "suggested", "margin"}]}``, worst first."""
    import torch
    from accelerate import Accelerator

    from app.catalog.base_models import base_model
    from worker.engine.modeling.precision import choose_precision
    from worker.engine.modeling.tokenizer import load_tokenizer
    from worker.engine.tasks.classification.data import Encoded
    from worker.engine.tasks.classification.evaluate import read_all
    from worker.engine.tasks.classification.label_noise import rank_doubts
    from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

    if told["threads"]:
        torch.set_num_threads(told["threads"])
    report = FolderReport(folder)
    report.phase("Reading the rows")
    ids, lines, texts, labels = read_labelled(told)
    names = sorted(set(labels))
    places = {name: number for number, name in enumerate(names)}
    numbers = [places[label] for label in labels]
    base_folder = Path(told["base_model"])
    card = base_model(told["base_model_name"])
    tokenizer = load_tokenizer(base_folder)
    tokens = tokenizer(texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]
    model = PooledClassifier(load_encoder(base_folder, card), make_head(card.hidden_size, len(names)), card).eval()
    accelerator = Accelerator(mixed_precision=choose_precision("auto"))
    model = accelerator.prepare_model(model, evaluation_mode=True)
    report.phase(f"Reading {len(texts):,} texts with the untouched model")
    encoded = Encoded(tokens, numbers, 0)
    features = read_all(model, encoded, tokenizer.pad_token_id, accelerator, report, what="features")
    report.phase("Asking the other rows about each label")
    doubts = rank_doubts(features, numbers, len(names))
    against = [each for each in doubts if each.margin < 0]
    return {
        "rows": len(ids),
        "doubtful": len(against),
        "suspects": [
            {
                "row_id": ids[each.place],
                "line": lines[each.place],
                "given": names[each.given],
                "suggested": names[each.suggested],
                "margin": round(each.margin, 4),
            }
            for each in against[:SHOWN]
        ],
    }


def read_labelled(told: dict[str, Any]) -> tuple[list[int], list[int], list[str], list[str]]:
    """Ids, lines, texts and labels of the usable rows."""
    from pyarrow import parquet

    dealt = json.loads(Path(told["splits"]).read_text(encoding="utf-8"))
    usable = {row_id for name in ("train", "validation", "test") for row_id in dealt[name]}
    columns = ["_id", "_line", *told["inputs"], told["label"]]
    rows = parquet.read_table(told["rows"], columns=list(dict.fromkeys(columns))).to_pylist()
    kept = [row for row in rows if row["_id"] in usable]
    texts = [" ".join(row[name] or "" for name in told["inputs"]) for row in kept]
    labels = [(row[told["label"]] or "").strip() for row in kept]
    return [row["_id"] for row in kept], [row["_line"] for row in kept], texts, labels


class FolderReport(ListReport):
    """Tells where the work stands in ``progress.json``; whoever wants it stopped ends the process."""

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
