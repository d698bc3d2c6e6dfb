"""Changes that a person makes to a dataset: each save is a new version with its author and every single difference.

Cells, labels, rows added and removed, rows left out and brought back. Knows no door.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import storage
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.label_forms import merged_forms
from app.catalog.task_types.text_patterns import without_hidden
from app.errors import Rejected
from app.models import Dataset
from app.services.datasets import findings
from app.services.datasets.data_reports import DataReport, Exclusions
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.row_edits import Cell, Edits, check_cell, write_edited
from app.services.datasets.row_search import Selection, find_ids
from app.services.datasets.row_tables import ROWS_FILE, Reading, load_reading, read_rows, store_reading
from app.services.datasets.versions import TOKENS_FILE, add_version, find_version, judge_into, load_exclusions, share
from app.services.profiling.split_plans import plan_of
from app.services.profiling.token_lengths import load_tokens

MOST_ADDED = 1000


@dataclass(frozen=True)
class Edit:
    """New contents for some cells of one row."""

    row_id: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Add:
    """One more row."""

    cells: dict[str, Cell]


@dataclass(frozen=True)
class Delete:
    """Remove rows from the table."""

    rows: Selection


@dataclass(frozen=True)
class Exclude:
    """Leave rows out of every use; they stay in the table and can come back."""

    rows: Selection


@dataclass(frozen=True)
class Include:
    """Bring excluded rows back."""

    rows: Selection


@dataclass(frozen=True)
class Clean:
    """Remove control characters and characters of no width from the cells that the task uses."""

    rows: Selection


@dataclass(frozen=True)
class Repair:
    """Write what rows say in the task's own way, e.g. tags of an older scheme in the present one."""

    rows: Selection


@dataclass(frozen=True)
class SetColumn:
    """The same content in one column of many rows, e.g. a label."""

    rows: Selection
    column: str
    value: Cell


@dataclass(frozen=True)
class MergeLabels:
    """Write labels in one way: each name on the left becomes the one on the right; without names, all variants."""

    into: dict[str, str] = field(default_factory=dict)


Change = Edit | Add | Delete | Exclude | Include | Clean | Repair | SetColumn | MergeLabels


def change(
    user_id: str,
    dataset_id: str,
    changes: Sequence[Change],
    *,
    version: int | None = None,
    watch: Progress = NO_PROGRESS,
) -> Dataset:
    """Apply changes in their order and keep the result as the next version; the report is made anew.

    Args:
        version: the number that the person was looking at; refused if there is a newer one.

    Raises:
        Rejected: a row or column is not there, nothing would change, or the rest could not be used.
        Conflict: somebody else changed the dataset in the meantime.
        NotFound: the dataset is not theirs.
    """
    newest = find_version(user_id, dataset_id)

    def fill(aside: Path, before: Path) -> tuple[DataReport, dict[str, Any], dict[str, Any]]:
        plan = _Plan(before, newest.task_type, newest.columns)
        for each in changes:
            plan.add(each)
        entries = plan.write(aside)
        old_splits = storage.read_json(before / "splits.json")
        judgement = judge_into(
            aside,
            plan.reading,
            newest.task_type,
            newest.columns,
            old_splits["seed"],
            excluded=plan.exclusions(),
            before=old_splits,
            plan=plan_of(old_splits),
            tokens=load_tokens(before / TOKENS_FILE, set(plan.edits.cells)),
            tell=watch.tell,
        )
        counts = Counter(entry["kind"] for entry in entries)
        told: dict[str, Any] = {"summary": _summary(counts), "counts": dict(counts)}
        kept = set(old_splits["test"])
        if tested := len({entry["id"] for entry in entries if entry.get("id") in kept}):
            told["test_rows"] = tested
            told["summary"] += f" {tested:,} of the rows {'is' if tested == 1 else 'are'} kept for the final test."
        return judgement, told, {"entries": entries}

    return add_version(user_id, dataset_id, fill, action="edit", expected=version, watch=watch)


class _Plan:
    """Collects changes to one version, then writes them all at once."""

    def __init__(self, folder: Path, task_kind: str, columns: dict[str, str]) -> None:
        self.folder, self.columns = folder, columns
        self.reading: Reading = load_reading(folder)
        self.task = find_task_type(task_kind)
        self.edits = Edits()
        before = load_exclusions(folder)
        self.ids, self.lost = set(before.ids), set(before.lost)
        self.before = before

    def add(self, each: Change) -> None:  # noqa: C901 - one case for each kind of change
        """Note one change."""
        match each:
            case Edit(row_id, cells):
                if not find_ids(self.folder, Selection(ids=(row_id,))):
                    raise Rejected("row_not_found", f"There is no row {row_id}.", "Reload the page, then try again.")
                for name, value in cells.items():
                    self.edits.set(row_id, self._known(name), check_cell(value, name))
            case Add(cells):
                if len(self.edits.added) >= MOST_ADDED:
                    raise Rejected("range", f"More than {MOST_ADDED:,} rows at once.", "Upload them as a file.")
                self.edits.added.append({self._known(name): check_cell(value, name) for name, value in cells.items()})
            case Delete(rows):
                self.edits.deleted.update(find_ids(self.folder, rows))
            case Exclude(rows):
                self.ids.update(find_ids(self.folder, rows))
                self.lost |= self._lost_lines(rows)
            case Include(rows):
                everything = rows == Selection() or rows == Selection(excluded=True)
                self.lost = set() if everything else self.lost
                self.ids.difference_update(find_ids(self.folder, rows))
            case Clean(rows):
                self._clean(set(find_ids(self.folder, rows)))
            case Repair(rows):
                self._repair(set(find_ids(self.folder, rows)))
            case SetColumn(rows, column, value):
                for row_id in find_ids(self.folder, rows):
                    self.edits.set(row_id, self._known(column), check_cell(value, column))
            case MergeLabels(into):
                self._merge(into)

    def write(self, target: Path) -> list[dict[str, Any]]:
        """Write the table of the new version; returns every difference.

        Raises:
            Rejected: ``nothing_changed``.
        """
        edits = self.edits
        edits.cells = {row_id: cells for row_id, cells in edits.cells.items() if row_id not in edits.deleted}
        self.ids -= edits.deleted
        entries: list[dict[str, Any]] = []
        if edits.cells or edits.deleted or edits.added:
            entries = write_edited(self.folder, target, self.reading, edits)
        else:
            share(self.folder / ROWS_FILE, target / ROWS_FILE)
        store_reading(target, self.reading)
        for kind, ids, lost in (
            ("excluded", self.ids - self.before.ids, self.lost - self.before.lost),
            ("included", self.before.ids - self.ids - edits.deleted, self.before.lost - self.lost),
        ):
            entries += self._told(kind, ids)
            entries += [{"kind": kind, "line": line, "values": {}} for _, line in sorted(lost)]
        if not entries:
            raise Rejected("nothing_changed", "Nothing would be different.", "Change something, then save.")
        return entries

    def exclusions(self) -> Exclusions:
        """What is left out of the new version."""
        return Exclusions(frozenset(self.ids), frozenset(self.lost))

    def _known(self, name: str) -> str:
        if name not in self.reading.columns:
            raise Rejected(
                "missing_column",
                f"There is no column {name[:60]!r}.",
                f"Columns: {', '.join(self.reading.columns[:20])}.",
            )
        return name

    def _lost_lines(self, rows: Selection) -> set[tuple[bool, int]]:
        if not rows.problem or rows.ids is not None:
            return set()
        finding = findings.find(self.folder, rows.problem)
        return {(finding.evaluation, line) for line in finding.lost_lines}

    def _told(self, kind: str, ids: Set[int]) -> list[dict[str, Any]]:
        if not ids:
            return []
        rows = read_rows(self.folder, list(self.columns.values()))
        return [
            {"kind": kind, "id": row["_id"], "line": row["_line"], "values": {n: row[n] for n in self.columns.values()}}
            for row in rows
            if row["_id"] in ids
        ]

    def _clean(self, ids: Set[int]) -> None:
        columns = list(self.columns.values())
        for row in read_rows(self.folder, columns):
            for name in columns if row["_id"] in ids else ():
                if (cell := row[name]) is not None and (cleaned := without_hidden(cell)) != cell:
                    self.edits.set(row["_id"], name, cleaned)

    def _repair(self, ids: Set[int]) -> None:
        for row in read_rows(self.folder, list(self.columns.values())):
            if row["_id"] in ids:
                self._rewrite(row, {})

    def _rewrite(self, row: Mapping[str, Any], names: Mapping[str, str]) -> None:
        for column, cell in self.task.rewritten(row, self.columns, names).items():
            if cell != row[column]:
                self.edits.set(row["_id"], column, check_cell(cell, column))

    def _merge(self, into: dict[str, str]) -> None:
        column = self.columns.get("label")
        if column is None:
            self._merge_marked(into)
            return
        rows = [(row["_id"], row[column]) for row in read_rows(self.folder, [column]) if row[column] is not None]
        forms = into or merged_forms(Counter(label for _, label in rows))
        for row_id, label in rows:
            wanted = forms.get(label, forms.get(label.strip(), label))
            if wanted != label:
                self.edits.set(row_id, column, check_cell(wanted, column))

    def _merge_marked(self, into: dict[str, str]) -> None:
        """The same for labels of words within a text."""
        columns = list(self.columns.values())
        counts = self.task.labels(read_rows(self.folder, columns), self.columns)
        if not counts:
            raise Rejected("no_labels", "This task has no column of labels.", "Choose another goal, or edit the cells.")
        forms = into or merged_forms(counts)
        for row in read_rows(self.folder, columns):
            if set(self.task.answers(row, self.columns)) & forms.keys():
                self._rewrite(row, forms)


WORDS = (
    ("edited", "cell changed", "cells changed"),
    ("added", "row added", "rows added"),
    ("deleted", "row deleted", "rows deleted"),
    ("excluded", "row left out", "rows left out"),
    ("included", "row brought back", "rows brought back"),
)


def _summary(counts: Counter[str]) -> str:
    said = [f"{counts[kind]:,} {one if counts[kind] == 1 else many}" for kind, one, many in WORDS if counts[kind]]
    return ", ".join(said)[:1].upper() + ", ".join(said)[1:] + "."
