"""Converts a tokenizer that has no ``tokenizer.json``, in a process of its own.

Started by :mod:`app.services.models.limited_process`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.catalog.tokenizer_reading import read_tokenizer
from app.services.models.limited_process import answer


def look(folder: Path) -> Mapping[str, Any]:
    """The tokenizer in the format of the tokenizers library."""
    return {"tokenizer": read_tokenizer(folder)}


if __name__ == "__main__":
    answer(look)
