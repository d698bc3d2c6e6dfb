"""Tokens kept between runs, as Arrow in the cache folder, under the hash of everything that they depend on.

Two runs share them only if all words of the name are the same. Knows no task and no model.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets

from app import files

FOLDER = "tokens"


def keep_once(cache: Path | None, words: Sequence[str], make: Callable[[], dict[str, list[Any]]]) -> datasets.Dataset:
    """The table of this name, read back or made and kept.

    Args:
        cache: the cache folder; None keeps nothing.
        words: what the tokens depend on: content, tokenizer, template, length, rows.
        make: columns of equal length.
    """
    final = cache / FOLDER / hashlib.sha256("\0".join(words).encode()).hexdigest() if cache else None
    if final is not None and final.exists():
        return datasets.Dataset.load_from_disk(str(final))
    table = datasets.Dataset.from_dict(make())
    if final is not None:
        _keep(table, final)
    return table


def _keep(table: datasets.Dataset, final: Path) -> None:
    """Save the table; of two runs that tokenise the same rows at once, the first one's copy stays."""
    try:
        with files.atomic_folder(final) as folder:
            table.save_to_disk(str(folder))
    except OSError:
        if not final.exists():
            raise
