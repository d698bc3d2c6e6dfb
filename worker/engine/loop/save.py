"""Makes the folder that people download: weights in the field's own format, labels, tokenizer, spec, card, example.

The manifest is written last; a folder without it is not finished.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app import files, manifest
from worker.engine.modeling import adapter_files
from worker.engine.tasks.base import Family


def save_adapter(final: Path, family: Family, results: dict[str, Any]) -> int:
    """Write the folder aside and rename it into place. Returns its size in bytes."""
    with _aside(final) as folder:
        _write_learned(folder, family)
        family.write(folder, results)
    return sum(each.stat().st_size for each in final.rglob("*") if each.is_file())


def save_learned(final: Path, family: Family) -> None:
    """Make a folder that answers like a download, without what only a finished run has: results, card, example."""
    with _aside(final) as folder:
        _write_learned(folder, family)


def _write_learned(folder: Path, family: Family) -> None:
    spec = family.order.spec
    spec.method.save(family.body, folder, family.order.base.hub_id)
    family.tokenizer.save_pretrained(str(folder))
    adapter_files.write_spec(folder, spec)


@contextmanager
def _aside(final: Path) -> Iterator[Path]:
    """A folder that gets its manifest and its name when everything is in it, or disappears."""
    with files.atomic_folder(final) as folder:
        yield folder
        manifest.write(folder)


def write_predictions(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON line for every held-out row, flushed to the disk."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    files.write_bytes(path, "".join(lines).encode())
