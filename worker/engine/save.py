"""Makes the folder that people download: weights in the field's own format, labels, tokenizer, spec, card, example.

The manifest is written last; a folder without it is not finished.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from app import manifest
from app.catalog.base_models import BaseModelCard
from app.catalog.spec import RunSpec
from worker.engine import card_text
from worker.engine.model import PooledClassifier

HEAD = "head.safetensors"
LABELS = "labels.json"
SPEC = "spec.json"


def save_adapter(
    final: Path, model: PooledClassifier, tokenizer: Any, spec: RunSpec, base: BaseModelCard, results: dict[str, Any]
) -> int:
    """Write the folder aside and rename it into place. Returns its size in bytes."""
    aside = Path(tempfile.mkdtemp(dir=final.parent, prefix=".aside-"))
    try:
        spec.method.save(model.encoder, aside, base.hub_id)
        tokenizer.save_pretrained(str(aside))
        head = {name: value.detach().cpu().float().contiguous() for name, value in model.head.state_dict().items()}
        save_file(head, aside / HEAD)
        _write(aside / LABELS, json.dumps(spec.labels, ensure_ascii=False, indent=1))
        _write(aside / SPEC, spec.model_dump_json(indent=1))
        _write(aside / "README.md", card_text.model_card(spec, base, results))
        _write(aside / "use_me.py", card_text.example(spec, base))
        manifest.write(aside)
        os.rename(aside, final)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    manifest.flush(final.parent)
    return sum(each.stat().st_size for each in final.rglob("*") if each.is_file())


def write_predictions(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON line for every held-out row, flushed to the disk."""
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        out.flush()
        os.fsync(out.fileno())


def describe_answers(
    examples: list[Any], labels: list[str], probe: torch.Tensor, tuned: torch.Tensor
) -> list[dict[str, Any]]:
    """Rows for :func:`write_predictions` from probe and tuned logits, both (rows, labels)."""
    chances = tuned.softmax(-1)
    told = []
    for at, example in enumerate(examples):
        answer = int(chances[at].argmax())
        told.append(
            {
                "split": "test",
                "row_id": example.row_id,
                "input": example.text,
                "expected": example.label,
                "base_answer": labels[int(probe[at].argmax())],
                "answer": labels[answer],
                "score": float(chances[at, answer]),
            }
        )
    return told


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
