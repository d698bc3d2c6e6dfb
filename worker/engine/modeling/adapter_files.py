"""The files of an adapter folder besides peft's own: names, and how each is written and read."""

import json
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from app.catalog.spec import RunSpec

HEAD = "head.safetensors"
LABELS = "labels.json"
SPEC = "spec.json"
CARD = "README.md"
EXAMPLE = "use_me.py"


def write_head(folder: Path, head: nn.Module) -> None:
    """The classification head, in fp32."""
    weights = {name: value.detach().cpu().float().contiguous() for name, value in head.state_dict().items()}
    save_file(weights, folder / HEAD)


def write_labels(folder: Path, labels: Sequence[str]) -> None:
    """The labels in the order of the model's logits."""
    (folder / LABELS).write_text(json.dumps(labels, ensure_ascii=False, indent=1), encoding="utf-8")


def read_labels(folder: Path) -> list[str]:
    """What :func:`write_labels` wrote."""
    labels: list[str] = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    return labels


def write_spec(folder: Path, spec: RunSpec) -> None:
    """The run's spec."""
    (folder / SPEC).write_text(spec.model_dump_json(indent=1), encoding="utf-8")


def read_spec(folder: Path) -> RunSpec:
    """What :func:`write_spec` wrote."""
    return RunSpec.model_validate_json((folder / SPEC).read_text(encoding="utf-8"))


def write_card(folder: Path, card: str, example: str) -> None:
    """The model card and the script that applies the download."""
    (folder / CARD).write_text(card, encoding="utf-8")
    (folder / EXAMPLE).write_text(example, encoding="utf-8")
