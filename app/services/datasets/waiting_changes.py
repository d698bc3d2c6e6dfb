"""What changes of many rows, which are noted and not saved yet, mean for the rows that somebody looks at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app import storage
from app.models import DatasetVersion
from app.services.datasets.changes import Change, Delete, Exclude, Include, SetColumn
from app.services.datasets.row_search import Selection, find_ids

OPS = {Delete: "delete", Exclude: "exclude", Include: "include"}


def waiting_changes(
    version: DatasetVersion, row_ids: Sequence[int], changes: Sequence[Change]
) -> dict[int, dict[str, Any]]:
    """Row id -> ``{"op": "delete" | "exclude" | "include" | "", "cells": {column: text}}`` of the rows that change.

    Repairs that depend on the cells (cleaning, merging of labels) are not foreseen.
    """
    found: dict[int, dict[str, Any]] = {}
    for change in changes:
        if not isinstance(change, Delete | Exclude | Include | SetColumn):
            continue
        for row_id in _among(version, row_ids, change.rows):
            row = found.setdefault(row_id, {"op": "", "cells": {}})
            if isinstance(change, SetColumn):
                row["cells"][change.column] = change.value or ""
            elif row["op"] != "delete":
                row["op"] = OPS[type(change)]
    return found


def _among(version: DatasetVersion, row_ids: Sequence[int], rows: Selection) -> list[int]:
    """Those of the rows that the selection holds."""
    ids = row_ids if rows.ids is None else [row_id for row_id in row_ids if row_id in set(rows.ids)]
    return find_ids(storage.dataset_dir(version.id), replace(rows, ids=tuple(ids))) if ids else []
