"""All rows of every problem of a version, stored in ``findings.json``; the report holds only counts and examples."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app import files, storage
from app.catalog.task_types.base import Problem
from app.errors import NotFound
from app.languages import gettext as _
from app.languages import restored, storable

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
    """Maps line numbers to row ids and back.

    Args:
        ids: of all stored rows, int64, ascending.
        lines: their lines, int64, in the same order; they start again in the evaluation file.
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
        index = int(np.searchsorted(self.ids, row_id))
        return int(self.lines[index]) if index < len(self.ids) and self.ids[index] == row_id else 0

    def id(self, line: int, evaluation: bool) -> int | None:
        """The stored row at a line, None if that line could not be read."""
        lines, ids = self._parts[evaluation]
        index = int(np.searchsorted(lines, line))
        return int(ids[index]) if index < len(lines) and lines[index] == line else None

    def is_evaluation(self, row_id: int) -> bool:
        """Whether the row came from the evaluation file."""
        return row_id in self._evaluation


def collect(problems: Sequence[Problem], index: LineIndex) -> list[Finding]:
    """The findings of problems: each with a unique key, lines replaced by row ids."""
    found: list[Finding] = []
    taken: set[str] = set()
    for problem in problems:
        evaluation = bool(problem.row_ids) and index.is_evaluation(problem.row_ids[0])
        evaluation = evaluation or problem.message.startswith("In the evaluation file")
        ids, lost = set(problem.row_ids), []
        if not problem.row_ids:
            for line in problem.rows:
                row_id = index.id(line, evaluation)
                lost.append(line) if row_id is None else ids.add(row_id)
        key = _free_key(f"evaluation.{problem.code}" if evaluation else problem.code, taken)
        related = {str(row_id): other for row_id, other in problem.related.items()}
        found.append(
            Finding(
                key,
                problem.code,
                problem.severity,
                problem.message,
                problem.hint,
                sorted(ids),
                lost,
                evaluation,
                related,
            )
        )
    return found


def report_entry(problem: Problem, finding: Finding) -> dict[str, Any]:
    """JSON form of a problem in the public report."""
    return {**problem.as_dict(), "key": finding.key, "stored_rows": len(finding.row_ids)}


def store_findings(folder: Path, found: Sequence[Finding]) -> None:
    """Write ``findings.json``."""
    # Without indentation: a list of 100,000 ids would have as many lines.
    content = json.dumps([storable(vars(finding)) for finding in found], ensure_ascii=False, separators=(",", ":"))
    files.write_bytes(folder / FINDINGS_FILE, content.encode())


def load_findings(folder: Path) -> list[Finding]:
    """What :func:`store_findings` wrote; empty for versions that were made without it."""
    path = folder / FINDINGS_FILE
    return [Finding(**stored) for stored in restored(storage.read_json(path))] if path.exists() else []


def find_finding(folder: Path, key: str) -> Finding:
    """One problem of a version by its key.

    Raises:
        NotFound: the version has no such problem.
    """
    known = {finding.key: finding for finding in load_findings(folder)}
    return _lookup(known, key)


def _lookup(known: Mapping[str, Finding], key: str) -> Finding:
    if key not in known:
        listed = ", ".join(list(known)[:20]) or _("none")
        raise NotFound(
            "problem_not_found",
            _("This version has no problem {key}.", key=repr(key[:60])),
            _("It has: {listed}.", listed=listed),
        )
    return known[key]


def _free_key(wanted: str, taken: set[str]) -> str:
    key, number = wanted, 1
    while key in taken:
        number += 1
        key = f"{wanted}.{number}"
    taken.add(key)
    return key
