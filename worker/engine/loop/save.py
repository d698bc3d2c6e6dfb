"""Writes the adapter folder that people download: weights in peft's format, tokenizer, labels, spec, card, example.

The manifest is written last; a folder without it is not complete.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app import files, manifest
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import RunResults
from worker.engine.tasks.base import PredictionRow, TaskFamily


def save_adapter(final: Path, family: TaskFamily, results: RunResults) -> int:
    """Write the folder; it appears complete. Returns its size in bytes."""
    with _complete_folder(final) as folder:
        _write_adapter(folder, family)
        family.write(folder, results)
    return sum(path.stat().st_size for path in final.rglob("*") if path.is_file())


def save_checkpoint_adapter(final: Path, family: TaskFamily) -> None:
    """Make a folder that answers like a download, without results, card and example, which only a finished run has."""
    with _complete_folder(final) as folder:
        _write_adapter(folder, family)


def _write_adapter(folder: Path, family: TaskFamily) -> None:
    spec = family.job.spec
    spec.method.save(family.body, folder, family.job.base.hub_id)
    family.write_head(folder)
    family.tokenizer.save_pretrained(str(folder))
    adapter_files.write_spec(folder, spec)


@contextmanager
def _complete_folder(final: Path) -> Iterator[Path]:
    """A folder that gets its manifest and its name when the block ends."""
    with files.atomic_folder(final) as folder:
        yield folder
        manifest.write(folder)


def write_predictions(path: Path, rows: Iterable[PredictionRow]) -> None:
    """One JSON line for every held-out row, flushed to the disk."""
    lines = [json.dumps(row.as_json(), ensure_ascii=False) + "\n" for row in rows]
    files.write_bytes(path, "".join(lines).encode())
