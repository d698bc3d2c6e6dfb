"""Reads the facts of a model off its configuration, in a process of its own: builds what a stranger has described.

Started by :mod:`app.services.models.limited_process`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.services.models.limited_process import answer


def look(folder: Path) -> Mapping[str, Any]:
    """The facts as JSON."""
    from app.catalog.model_reading import read_facts

    return read_facts(folder).as_dict()


if __name__ == "__main__":
    answer(look)
