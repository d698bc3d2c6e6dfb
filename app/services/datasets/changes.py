"""Changes to the rows of a dataset; each save adds a version that records its author and every single change.

Kinds: edit cells, add and delete rows, exclude and include rows, clean, mask and repair cells, set a column, merge labels.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import storage
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.label_forms import merged_forms
from app.catalog.task_types.masked_cells import mask_cell
from app.catalog.task_types.text_patterns import without_hidden
from app.errors import Rejected
from app.languages import gettext as _
from app.languages import stated, stated_list, stated_number
from app.models import Dataset
from app.services.datasets import findings
from app.services.datasets.data_reports import Exclusions, ReportOptions
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.row_edits import Cell, Edits, check_cell, write_edited
from app.services.datasets.row_search import Selection, find_ids
from app.services.datasets.row_tables import ROWS_FILE, Reading, load_reading, read_rows, store_reading
from app.services.datasets.versions import (
    TOKENS_FILE,
    VersionDraft,
    add_version,
    find_version,
    link_or_copy,
    load_exclusions,
    write_report,
)
from app.services.profiling.split_plans import plan_of
from app.services.profiling.token_lengths import load_tokens

MAX_ADDED_ROWS = 1000


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
    """Leave rows out of training and tests; they stay in the table and can be included again."""

    rows: Selection


@dataclass(frozen=True)
class Include:
    """Include excluded rows again."""

    rows: Selection


@dataclass(frozen=True)
class Clean:
    """Remove control characters and characters of no width from the cells that the task uses."""

    rows: Selection


@dataclass(frozen=True)
class Mask:
    """Write marks such as ``[email]`` in place of mail addresses, phone and card numbers in the texts of rows."""

    rows: Selection


@dataclass(frozen=True)
class Repair:
    """Rewrite the cells of rows in the form that the task expects, e.g. tags in the BIO scheme."""

    rows: Selection


@dataclass(frozen=True)
class SetColumn:
    """Set one column of many rows to one value, e.g. a label."""

    rows: Selection
    column: str
    value: Cell


@dataclass(frozen=True)
class MergeLabels:
    """Rename labels as ``into`` says (from -> to); without it, merge all spellings of each label."""

    into: dict[str, str] = field(default_factory=dict)


Change = Edit | Add | Delete | Exclude | Include | Clean | Mask | Repair | SetColumn | MergeLabels


def change(
    user_id: str,
    dataset_id: str,
    changes: Sequence[Change],
    *,
    version: int | None = None,
    progress: Progress = NO_PROGRESS,
) -> Dataset:
    """Apply changes in their order and add the result, with a new report, as the next version.

    Args:
        version: number of the version that the changes were made on; refused if there is a newer one.

    Raises:
        Rejected: a row or column does not exist, nothing would change, or too few rows would be usable.
        Conflict: somebody else changed the dataset in the meantime.
        NotFound: the dataset is not theirs.
    """
    newest = find_version(user_id, dataset_id)

    def fill(folder: Path, newest_folder: Path) -> VersionDraft:
        batch = _ChangeBatch(newest_folder, newest.task_type, newest.columns)
        for item in changes:
            batch.add(item)
        entries = batch.write(folder)
        splits = storage.read_json(newest_folder / "splits.json")
        options = ReportOptions(
            task_type=newest.task_type,
            columns=newest.columns,
            excluded=batch.exclusions(),
            previous_splits=splits,
            plan=plan_of(splits),
            known_tokens=load_tokens(newest_folder / TOKENS_FILE, set(batch.edits.cells)),
        )
        report = write_report(folder, batch.reading, options, progress.report)
        return VersionDraft(report, _description(entries, set(splits["test"])), entries)

    return add_version(user_id, dataset_id, fill, action="edit", expected=version, progress=progress)


class _ChangeBatch:
    """Collects changes to one version, then writes them all at once."""

    def __init__(self, folder: Path, task_kind: str, columns: dict[str, str]) -> None:
        self.folder, self.columns = folder, columns
        self.reading: Reading = load_reading(folder)
        self.task = find_task_type(task_kind)
        self.edits = Edits()
        self.previous = load_exclusions(folder)
        self.excluded_ids, self.excluded_lines = set(self.previous.ids), set(self.previous.lost)

    def add(self, change: Change) -> None:  # noqa: C901 - one case for each kind of change
        """Collect one change."""
        match change:
            case Edit(row_id, cells):
                if not find_ids(self.folder, Selection(ids=(row_id,))):
                    raise Rejected(
                        "row_not_found",
                        stated("There is no row {row_id}.", row_id=row_id),
                        stated("Reload the page, then try again."),
                    )
                for name, value in cells.items():
                    self.edits.set(row_id, self._check_column(name), check_cell(value, name))
            case Add(cells):
                if len(self.edits.added) >= MAX_ADDED_ROWS:
                    raise Rejected(
                        "range",
                        stated("More than {limit} rows at once.", limit=MAX_ADDED_ROWS),
                        stated("Upload them as a file."),
                    )
                self.edits.added.append(
                    {self._check_column(name): check_cell(value, name) for name, value in cells.items()}
                )
            case Delete(rows):
                self.edits.deleted.update(find_ids(self.folder, rows))
            case Exclude(rows):
                self.excluded_ids.update(find_ids(self.folder, rows))
                self.excluded_lines |= self._lost_lines(rows)
            case Include(rows):
                all_rows = rows == Selection() or rows == Selection(excluded=True)
                self.excluded_lines = set() if all_rows else self.excluded_lines
                self.excluded_ids.difference_update(find_ids(self.folder, rows))
            case Clean(rows):
                self._clean(set(find_ids(self.folder, rows)))
            case Mask(rows):
                self._mask(set(find_ids(self.folder, rows)))
            case Repair(rows):
                self._repair(set(find_ids(self.folder, rows)))
            case SetColumn(rows, column, value):
                for row_id in find_ids(self.folder, rows):
                    self.edits.set(row_id, self._check_column(column), check_cell(value, column))
            case MergeLabels(into):
                self._merge(into)

    def write(self, target: Path) -> list[dict[str, Any]]:
        """Write the table of the new version; returns every single change.

        Raises:
            Rejected: ``nothing_changed``.
        """
        edits = self.edits
        edits.cells = {row_id: cells for row_id, cells in edits.cells.items() if row_id not in edits.deleted}
        self.excluded_ids -= edits.deleted
        entries: list[dict[str, Any]] = []
        if edits.cells or edits.deleted or edits.added:
            entries = write_edited(self.folder, target, self.reading, edits)
        else:
            link_or_copy(self.folder / ROWS_FILE, target / ROWS_FILE)
        store_reading(target, self.reading)
        for kind, ids, lost in (
            ("excluded", self.excluded_ids - self.previous.ids, self.excluded_lines - self.previous.lost),
            (
                "included",
                self.previous.ids - self.excluded_ids - edits.deleted,
                self.previous.lost - self.excluded_lines,
            ),
        ):
            entries += self._entries(kind, ids)
            entries += [{"kind": kind, "line": line, "values": {}} for _, line in sorted(lost)]
        if not entries:
            raise Rejected(
                "nothing_changed", stated("Nothing would be different."), stated("Change something, then save.")
            )
        return entries

    def exclusions(self) -> Exclusions:
        """The rows that are left out of the new version."""
        return Exclusions(frozenset(self.excluded_ids), frozenset(self.excluded_lines))

    def _check_column(self, name: str) -> str:
        if name not in self.reading.columns:
            raise Rejected(
                "missing_column",
                stated("There is no column {name}.", name=repr(name[:60])),
                stated("Columns: {columns}.", columns=", ".join(self.reading.columns[:20])),
            )
        return name

    def _lost_lines(self, rows: Selection) -> set[tuple[bool, int]]:
        if not rows.problem or rows.ids is not None:
            return set()
        finding = findings.find_finding(self.folder, rows.problem)
        return {(finding.evaluation, line) for line in finding.lost_lines}

    def _entries(self, kind: str, ids: Set[int]) -> list[dict[str, Any]]:
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

    def _mask(self, ids: Set[int]) -> None:
        if self.task.family == "tokens":
            raise Rejected(
                "cannot_mask",
                _("Words of this data are marked, and a mask would move the marks."),
                _("Edit these texts by hand, or leave the rows out."),
            )
        # Answers that are written are texts as well; labels stay.
        writes = self.task.family == "generation"
        columns = [name for role, name in self.columns.items() if writes or not self.task.is_answer(role)]
        for row in read_rows(self.folder, columns):
            for name in columns if row["_id"] in ids else ():
                if (cell := row[name]) is not None and (safe := mask_cell(cell)) != cell:
                    self.edits.set(row["_id"], name, safe)

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
        """Merge the labels of words within texts."""
        columns = list(self.columns.values())
        counts = self.task.labels(read_rows(self.folder, columns), self.columns)
        if not counts:
            raise Rejected(
                "no_labels",
                stated("This task has no column of labels."),
                stated("Choose another goal, or edit the cells."),
            )
        forms = into or merged_forms(counts)
        for row in read_rows(self.folder, columns):
            if set(self.task.answers(row, self.columns)) & forms.keys():
                self._rewrite(row, forms)


# What was done -> its words for a number of times.
CHANGE_WORDS: dict[str, Callable[[int], str]] = {
    "edited": lambda number: stated_number("{number} cell changed", "{number} cells changed", number),
    "added": lambda number: stated_number("{number} row added", "{number} rows added", number),
    "deleted": lambda number: stated_number("{number} row deleted", "{number} rows deleted", number),
    "excluded": lambda number: stated_number("{number} row left out", "{number} rows left out", number),
    "included": lambda number: stated_number("{number} row brought back", "{number} rows brought back", number),
}


def _description(entries: Sequence[Mapping[str, Any]], test_ids: Set[int]) -> dict[str, Any]:
    """``{"summary", "counts": {kind: n}, "test_rows"}``; ``test_rows`` only where rows of the test split changed."""
    counts = Counter(entry["kind"] for entry in entries)
    sentences = [_summary(counts)]
    description: dict[str, Any] = {"counts": dict(counts)}
    if test_rows := len({entry["id"] for entry in entries if entry.get("id") in test_ids}):
        description["test_rows"] = test_rows
        sentences.append(
            stated_number(
                "{number} of the rows is kept for the final test.",
                "{number} of the rows are kept for the final test.",
                test_rows,
            )
        )
    return {"summary": stated_list(sentences, " "), **description}


def _summary(counts: Counter[str]) -> str:
    found = [words(counts[kind]) for kind, words in CHANGE_WORDS.items() if counts[kind]]
    return stated("{changes}.", changes=stated_list(found))
