"""Every row behind every problem of a version, kept beside its rows in ``findings.json``; the report holds only counts.

Knows no task and no database.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app import files, storage
from app.catalog.task_types.base import Problem
from app.errors import NotFound

FINDINGS_FILE = "findings.json"


@dataclass(frozen=True)
class Finding:
    """One problem with all its rows.

    Attributes:
        key: names the problem within its version, e.g. ``empty_text`` or ``evaluation.empty_text``.
        row_ids: stored rows, ascending.
        lost_lines: lines of the file that could not be read, so that no row is stored for them.
        evaluation: the rows are those of the person's own evaluation file.
        related: row id -> id of another row that explains it, e.g. the row of which it is a copy.
    """

    key: str
    code: str
    severity: str
    message: str
    hint: str
    row_ids: list[int] = field(default_factory=list)
    lost_lines: list[int] = field(default_factory=list)
    evaluation: bool = False
    related: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows touched."""
        return len(self.row_ids) + len(self.lost_lines)


class LineIndex:
    """Turns line numbers into row ids and back.

    Args:
        ids: of all stored rows, int64, ascending.
        lines: their lines, int64, in the same order; they begin anew in the evaluation file.
        evaluation: ids of the rows from the evaluation file.
    """

    def __init__(self, ids: np.ndarray, lines: np.ndarray, evaluation: range) -> None:
        self.ids, self.lines, self._evaluation = ids, lines, evaluation
        own = (ids >= evaluation.start) & (ids < evaluation.stop)
        self._parts: dict[bool, tuple[np.ndarray, np.ndarray]] = {}
        for part, here in ((False, ~own), (True, own)):
            order = np.argsort(lines[here], kind="stable")
            self._parts[part] = lines[here][order], ids[here][order]

    def line(self, row_id: int) -> int:
        """The line of a stored row; 0 when there is no such row."""
        place = int(np.searchsorted(self.ids, row_id))
        return int(self.lines[place]) if place < len(self.ids) and self.ids[place] == row_id else 0

    def id(self, line: int, evaluation: bool) -> int | None:
        """The stored row at a line, None if that line could not be read."""
        lines, ids = self._parts[evaluation]
        place = int(np.searchsorted(lines, line))
        return int(ids[place]) if place < len(lines) and lines[place] == line else None

    def is_evaluation(self, row_id: int) -> bool:
        """Whether the row came from the evaluation file."""
        return row_id in self._evaluation


def collect(problems: Sequence[Problem], index: LineIndex) -> list[Finding]:
    """Give every problem a key of its own, and every line its row id."""
    found: list[Finding] = []
    taken: set[str] = set()
    for each in problems:
        evaluation = bool(each.row_ids) and index.is_evaluation(each.row_ids[0])
        evaluation = evaluation or each.message.startswith("In the evaluation file")
        ids, lost = set(each.row_ids), []
        if not each.row_ids:
            for line in each.rows:
                row_id = index.id(line, evaluation)
                lost.append(line) if row_id is None else ids.add(row_id)
        key = _free_key(f"evaluation.{each.code}" if evaluation else each.code, taken)
        related = {str(row_id): other for row_id, other in each.related.items()}
        found.append(
            Finding(key, each.code, each.severity, each.message, each.hint, sorted(ids), lost, evaluation, related)
        )
    return found


def report_entry(problem: Problem, finding: Finding) -> dict[str, Any]:
    """The problem as the public report tells it."""
    return {**problem.as_dict(), "key": finding.key, "stored_rows": len(finding.row_ids)}


def store_findings(folder: Path, found: Sequence[Finding]) -> None:
    """Write ``findings.json``."""
    # Compact: a list of a hundred thousand numbers would be a line each otherwise.
    content = json.dumps([vars(each) for each in found], ensure_ascii=False, separators=(",", ":"))
    files.write_bytes(folder / FINDINGS_FILE, content.encode())


def load_findings(folder: Path) -> list[Finding]:
    """What :func:`store_findings` wrote; empty for versions that were made without it."""
    path = folder / FINDINGS_FILE
    return [Finding(**each) for each in storage.read_json(path)] if path.exists() else []


def find(folder: Path, key: str) -> Finding:
    """One problem of a version.

    Raises:
        NotFound: the version has no such problem.
    """
    known = {each.key: each for each in load_findings(folder)}
    return _lookup(known, key)


def _lookup(known: Mapping[str, Finding], key: str) -> Finding:
    if key not in known:
        listed = ", ".join(list(known)[:20]) or "none"
        raise NotFound("problem_not_found", f"This version has no problem {key[:60]!r}.", f"It has: {listed}.")
    return known[key]


def _free_key(wanted: str, taken: set[str]) -> str:
    key, number = wanted, 1
    while key in taken:
        number += 1
        key = f"{wanted}.{number}"
    taken.add(key)
    return key
