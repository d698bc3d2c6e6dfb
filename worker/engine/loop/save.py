"""Makes the folder that people download: weights in the field's own format, labels, tokenizer, spec, card, example.

The manifest is written last; a folder without it is not finished.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch import nn

from app import files, manifest

if TYPE_CHECKING:
    from worker.engine.tasks.base import Family

HEAD = "head.safetensors"
LABELS = "labels.json"
SPEC = "spec.json"


def save_adapter(final: Path, family: "Family", results: dict[str, Any]) -> int:
    """Write the folder aside and rename it into place. Returns its size in bytes."""
    with _aside(final) as folder:
        _write_learned(folder, family)
        family.write(folder, results)
    return sum(each.stat().st_size for each in final.rglob("*") if each.is_file())


def save_learned(final: Path, family: "Family") -> None:
    """Make a folder that answers like a download, without what only a finished run has: results, card, example."""
    with _aside(final) as folder:
        _write_learned(folder, family)


def _write_learned(folder: Path, family: "Family") -> None:
    spec = family.order.spec
    spec.method.save(family.body, folder, family.order.base.hub_id)
    family.tokenizer.save_pretrained(str(folder))
    write_text(folder / SPEC, spec.model_dump_json(indent=1))


@contextmanager
def _aside(final: Path) -> Iterator[Path]:
    """A folder that gets its manifest and its name when everything is in it, or disappears."""
    with files.atomic_folder(final) as folder:
        yield folder
        manifest.write(folder)


def write_head(folder: Path, head: nn.Module) -> None:
    """The answer layer, in fp32."""
    weights = {name: value.detach().cpu().float().contiguous() for name, value in head.state_dict().items()}
    save_file(weights, folder / HEAD)


def write_predictions(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON line for every held-out row, flushed to the disk."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    files.write_bytes(path, "".join(lines).encode())


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


def write_text(path: Path, text: str) -> None:
    """One text file of the download."""
    path.write_text(text, encoding="utf-8")
