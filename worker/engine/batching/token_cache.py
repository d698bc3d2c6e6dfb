"""Tokens cached between runs, as Arrow in the cache folder, under the hash of everything that they depend on.

Those of one dataset lie together, under the hash of its content, so that they go when it is deleted.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from app import files
from app.catalog.job_file import TOKENS_FOLDER


@dataclass(frozen=True)
class TokenCache:
    """The tables of one content.

    Attributes:
        folder: the cache folder; without one nothing is cached.
        content: name of the rows' content, e.g. ``"<dataset sha256>/train"``; without one nothing is cached.
    """

    folder: Path | None = None
    content: str = ""

    def load_or_make(self, key: Sequence[str], make: Callable[[], dict[str, list[Any]]]) -> datasets.Dataset:
        """The table of this key, read back, or made and saved.

        Args:
            key: what the tokens depend on besides the content: tokenizer, template, length, rows.
            make: columns of equal length.
        """
        if self.folder is None or not self.content:
            return datasets.Dataset.from_dict(make())
        digest = hashlib.sha256("\0".join([self.content, *key]).encode()).hexdigest()
        final = self.folder / TOKENS_FOLDER / self.content.partition("/")[0] / digest
        if final.exists():
            return datasets.Dataset.load_from_disk(str(final))
        table = datasets.Dataset.from_dict(make())
        _save(table, final)
        return table


NO_CACHE = TokenCache()


def _save(table: datasets.Dataset, final: Path) -> None:
    """Of two runs that tokenize the same rows at once, the first one's table stays."""
    try:
        with files.atomic_folder(final) as folder:
            table.save_to_disk(str(folder))
    except OSError:
        if not final.exists():
            raise
