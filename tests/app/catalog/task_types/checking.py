"""The report of rows that a test writes into a file."""

import json
from pathlib import Path
from typing import Any

from app.services.datasets.datasets import check_file


def check(folder: Path, rows: list[Any], task: str | None = None, **given: Any) -> dict[str, Any]:
    """The report of JSON rows as a whole check of a file gives it."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return check_file(path, path.name, task_type=task, **given)


def reported(report: dict[str, Any]) -> list[tuple[str, str, list[int]]]:
    """Code, severity and rows of the problems that name rows."""
    return [
        (problem["code"], problem["severity"], problem["rows"]) for problem in report["problems"] if problem["rows"]
    ]
