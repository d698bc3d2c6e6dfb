"""Builds the data report of a stored table: chooses columns, runs the task's checks, profiles the texts, makes splits."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.not_yet import recognise
from app.catalog.task_types.text_patterns import text_key
from app.errors import Rejected, StudioError
from app.services.datasets.findings import Finding, LineIndex, collect, report_entry
from app.services.datasets.progress import ProgressCallback, ignore_progress, with_progress
from app.services.datasets.row_tables import Reading, read_lines, read_rows, sample_rows
from app.services.profiling.split_plans import SplitPlan, make_splits
from app.services.profiling.split_rows import SplitRows
from app.services.profiling.text_profile import DEFAULT_LENGTH, ProfiledRow, TextProfile, TextSummary
from app.services.profiling.token_lengths import TokenCounter, TokenLengths, default_model
from app.services.profiling.unread_columns import unread_texts

SAMPLE_ROWS = 1000
OK, WARNINGS, REJECTED = "ok", "warnings", "rejected"


@dataclass(frozen=True)
class ReportSummary:
    """The public part of a data report, as the command line, REST and the pages show it.

    Attributes:
        status: ``ok``, ``warnings`` or ``rejected``.
        total: rows of all files, unreadable ones included.
        usable: rows without errors, which the splits hold.
        excluded: rows that a person left out.
        columns: role -> column.
        labels: label -> how often it is given.
        problems: JSON form of each problem.
    """

    status: str
    format: str
    encoding: str
    task: str
    total: int = 0
    usable: int = 0
    excluded: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``excluded`` is there only where rows were left out."""
        rows = {"total": self.total, "usable": self.usable}
        return {
            "status": self.status,
            "format": self.format,
            "encoding": self.encoding,
            "rows": rows | ({"excluded": self.excluded} if self.excluded else {}),
            "task": self.task,
            "columns": self.columns,
            "labels": self.labels,
            "problems": self.problems,
        }


@dataclass(frozen=True)
class DataReport:
    """A table checked for one task.

    Attributes:
        splits: content of ``splits.json``, None when the table is rejected.
        refusal: the error that refuses the table, if any.
        lengths: how long the usable texts are for the recommended model.
        tokens: row ids and their tokens, int64 of shape (2, rows).
    """

    task: TaskType
    summary: ReportSummary
    splits: dict[str, Any] | None
    refusal: Rejected | None
    findings: list[Finding]
    lengths: TokenLengths
    tokens: np.ndarray

    @property
    def columns(self) -> dict[str, str]:
        """Role -> column."""
        return self.summary.columns


@dataclass(frozen=True)
class Exclusions:
    """Rows that a person left out: stored ones by id, and lines that could not be read (evaluation file?, line)."""

    ids: frozenset[int] = frozenset()
    lost: frozenset[tuple[bool, int]] = frozenset()

    @property
    def count(self) -> int:
        """Rows left out."""
        return len(self.ids) + len(self.lost)


NOTHING = Exclusions()


@dataclass(frozen=True)
class ReportOptions:
    """How a table is checked.

    Attributes:
        task_type: kind of the task; guessed from the columns if left out.
        columns: role -> column; roles left out are guessed.
        excluded: rows that are neither checked nor used.
        previous_splits: ``splits.json`` of the version that these rows come from; rows keep their split.
        plan: how rows are split; by ratio if left out.
        known_tokens: row id -> tokens, for rows whose texts were counted before and have not changed.
    """

    task_type: str | None = None
    columns: Mapping[str, str] | None = None
    excluded: Exclusions = NOTHING
    previous_splits: Mapping[str, Any] | None = None
    plan: SplitPlan = field(default_factory=SplitPlan)
    known_tokens: Mapping[int, int] = field(default_factory=dict)


def build_report(
    folder: Path, reading: Reading, options: ReportOptions, on_progress: ProgressCallback = ignore_progress
) -> DataReport:
    """Check every row and split the usable ones.

    Args:
        folder: holds ``rows.parquet``.

    Raises:
        Rejected: ``missing_column``, ``unknown_role`` or ``same_column`` when the columns do not fit the task.
    """
    sample = sample_rows(folder, reading.main.columns, reading.main.rows, SAMPLE_ROWS)
    task, columns = choose_columns(reading, sample, options.task_type, options.columns)
    table = _Table(folder, reading, task, columns, on_progress)
    index = LineIndex(*read_lines(folder), _evaluation_ids(reading))
    excluded = options.excluded.lost | {(reading.is_evaluation(n), index.line(n)) for n in options.excluded.ids}
    problems, skipped = _reading_problems(task, reading, columns, excluded)
    problems += unread_texts(task, columns, sample)
    problems += task.check(table.rows("Checking every row", skipped), columns)
    invalid = {row_id for problem in problems if problem.severity == "error" for row_id in problem.row_ids}
    valid = (row for row in table.rows("Looking at the texts", skipped) if row["_id"] not in invalid)
    usable, texts = table.profile(valid, options)
    problems += texts.problems
    refusal, split = _refusal(problems, len(usable)), None
    if refusal is None:
        on_progress("Splitting the rows", 0, 0)
        try:
            split = _split(usable, texts, options, reading)
        except Rejected as error:
            refusal = error
            problems.insert(0, Problem(error.code, "error", error.message, error.hint))
    findings = collect(problems, index)
    summary = ReportSummary(
        status=REJECTED if refusal else WARNINGS if problems else OK,
        format=reading.main.format,
        encoding=reading.main.encoding,
        task=task.kind,
        total=reading.total,
        usable=len(usable),
        excluded=options.excluded.count,
        columns=columns,
        labels=usable.counts(),
        problems=[report_entry(problem, finding) for problem, finding in zip(problems, findings, strict=True)],
    )
    if refusal:
        refusal.details = {**refusal.details, "report": summary.as_dict()}
    return DataReport(task, summary, split, refusal, findings, texts.lengths, texts.tokens)


def refused_report(
    error: StudioError, file_name: str, task_type: str | None, reading: Reading | None = None
) -> ReportSummary:
    """The report of a file that could not be read, or whose columns do not fit the task."""
    problem = Problem(error.code, "error", error.message, error.hint, rows=list(error.details.get("rows", [])))
    extension = file_name.rpartition(".")[2].lower()[:20] if "." in file_name else ""
    return ReportSummary(
        status=REJECTED,
        format=reading.main.format if reading else extension,
        encoding=reading.main.encoding if reading else "",
        task=task_type or TASK_TYPES[0].kind,
        total=reading.total if reading else 0,
        problems=[problem.as_dict()],
    )


@dataclass(frozen=True)
class _Table:
    """A stored table with the columns that a task uses."""

    folder: Path
    reading: Reading
    task: TaskType
    columns: Mapping[str, str]
    on_progress: ProgressCallback

    def rows(self, phase: str, skipped: Set[tuple[bool, int]]) -> Iterator[dict[str, Any]]:
        """Rows with ``_id``, ``_line``, ``_evaluation`` and the columns; ``skipped`` are (evaluation file?, line)."""
        stored = read_rows(self.folder, list(self.columns.values()))
        for row in with_progress(stored, self.on_progress, phase, self.reading.stored):
            row["_evaluation"] = self.reading.is_evaluation(row["_id"])
            if (row["_evaluation"], row["_line"]) not in skipped:
                yield row

    def profile(self, rows: Iterable[dict[str, Any]], options: ReportOptions) -> tuple[SplitRows, TextSummary]:
        """The usable rows without their texts, and what was measured on the texts."""
        task, usable = self.task, SplitRows()
        counter = TokenCounter(default_model(task.kind))
        profile = TextProfile(counter, task.training_defaults.get("max_length", DEFAULT_LENGTH), options.known_tokens)
        values = self._values(options.plan.column)
        for row in rows:
            # Rows with the same inputs share a key.
            key = text_key(task.identity(row, self.columns))
            row_id, line, evaluation = row["_id"], row["_line"], row["_evaluation"]
            usable.add(row_id, line, key, task.answers(row, self.columns), evaluation, values.get(row_id, ""))
            profile.add(ProfiledRow(row_id, line, task.readable(row, self.columns), key, evaluation))
        self.on_progress("Comparing the texts", 0, 0)
        return usable, profile.finish(self._texts)

    def _texts(self, row_ids: Set[int]) -> dict[int, str]:
        """Row id -> text of a few rows, read from the table once more."""
        stored = read_rows(self.folder, list(self.columns.values()))
        return {row["_id"]: self.task.readable(row, self.columns) for row in stored if row["_id"] in row_ids}

    def _values(self, column: str) -> dict[int, str]:
        """Row id -> cell of the column by which rows are split."""
        if not column:
            return {}
        if column not in self.reading.columns:
            raise _missing_column(column, self.reading.columns, "split")
        return {row["_id"]: row[column] or "" for row in read_rows(self.folder, [column])}


def _evaluation_ids(reading: Reading) -> range:
    part = reading.evaluation
    return range(part.first_id, part.first_id + part.span) if part else range(0)


def choose_columns(
    reading: Reading, sample: Sequence[Mapping[str, Any]], task_type: str | None, columns: Mapping[str, str] | None
) -> tuple[TaskType, dict[str, str]]:
    """The task and the column of each role: as given, the rest guessed from a sample of rows."""
    if not task_type and not columns:
        _refuse_unserved(reading.main.columns, sample)
    candidates = [find_task_type(task_type)] if task_type else list(TASK_TYPES)
    guesses = [(task, task.guess_columns(reading.main.columns, sample)) for task in candidates]
    complete = [(task, guess) for task, guess in guesses if task.missing_role(guess) is None]
    complete.sort(key=lambda pair: not (pair[0].sure_of_guess or pair[0].is_certain(reading.main.columns)))
    task, guess = (complete or guesses)[0]
    given = {role: name for role, name in (columns or {}).items() if name}
    _check_given(task, given, reading)
    taken = set(given.values())
    chosen = {role: name for role, name in guess.items() if name not in taken} | given
    _check_complete(task, chosen, reading)
    return task, {role.name: chosen[role.name] for role in task.roles if role.name in chosen}


def _refuse_unserved(columns: list[str], sample: Sequence[Mapping[str, Any]]) -> None:
    unserved = recognise(columns, sample, [task.kind for task in TASK_TYPES])
    if unserved is not None:
        raise Rejected(
            "no_task_yet",
            f"The file seems to hold {unserved.words}; there is no task for it here yet.",
            unserved.hint,
            details={"kind": unserved.kind, "columns": columns[:50]},
        )


def _check_given(task: TaskType, given: Mapping[str, str], reading: Reading) -> None:
    known = [role.name for role in task.roles]
    for role, name in given.items():
        if role not in known:
            raise Rejected(
                "unknown_role", f"The task {task.kind!r} has no role {role!r}.", f"Roles: {', '.join(known)}."
            )
        if name not in reading.main.columns:
            raise _missing_column(name, reading.main.columns, role)
    if len(set(given.values())) < len(given):
        raise Rejected("same_column", "One column was given for two roles.", "Choose a column of its own for each.")


def _check_complete(task: TaskType, chosen: Mapping[str, str], reading: Reading) -> None:
    if (role := task.missing_role(chosen)) is not None:
        raise Rejected(
            "missing_column",
            f"No column was recognised as {role.title!r}; the file has: {_listed(reading.main.columns)}.",
            f"{role.help} Say which one it is, e.g. {role.name}=COLUMN, or rename it to {role.name!r}.",
            details={"role": role.name, "columns": reading.main.columns[:50]},
        )
    for role in task.roles:
        if (
            reading.evaluation
            and chosen.get(role.name, reading.evaluation.columns[0]) not in reading.evaluation.columns
        ):
            raise _missing_column(chosen[role.name], reading.evaluation.columns, role.name, "evaluation file")


def _missing_column(name: str, columns: Sequence[str], role: str, where: str = "file") -> Rejected:
    similar = difflib.get_close_matches(name, columns, n=1, cutoff=0.4)
    hint = f"Did you mean {similar[0]!r}?" if similar else "Use one of the columns above."
    return Rejected(
        "missing_column",
        f"The {where} has no column {name[:60]!r}; it has: {_listed(columns)}.",
        hint,
        details={"role": role, "columns": list(columns[:50])},
    )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:10]) + (f" and {len(columns) - 10} more" if len(columns) > 10 else "")


def _reading_problems(
    task: TaskType, reading: Reading, columns: Mapping[str, str], excluded: Set[tuple[bool, int]]
) -> tuple[list[Problem], set[tuple[bool, int]]]:
    """The reader's problems in the chosen columns, and the stored lines to skip as (evaluation file?, line)."""
    problems: list[Problem] = []
    invalid: set[tuple[bool, int]] = set()
    roles = {name: role for role, name in columns.items()}
    for part in reading.parts:
        evaluation = part is reading.evaluation
        for flaw in part.flaws:
            rows = [line for line in flaw.rows if (evaluation, line) not in excluded]
            if (flaw.column and flaw.column not in roles) or (flaw.rows and not rows):
                continue
            if flaw.code in ("nested_value", "parquet_nested") and roles.get(flaw.column) in task.nested_roles:
                continue
            # Mixed types are named by the role that they concern: label_type, text_type.
            code = f"{roles[flaw.column]}_type" if flaw.code == "mixed_types" else flaw.code
            message = f"In the evaluation file: {flaw.message}" if evaluation else flaw.message
            problems.append(Problem(code, flaw.severity, message, flaw.hint, rows=rows))
            if flaw.severity == "error":
                invalid |= {(evaluation, line) for line in rows}
    return problems, invalid | excluded


def _split(usable: SplitRows, texts: TextSummary, options: ReportOptions, reading: Reading) -> dict[str, Any]:
    split = make_splits(usable, texts.groups, options.plan, options.previous_splits)
    if reading.evaluation and not any(reading.is_evaluation(row_id) for row_id in split["test"]):
        raise Rejected("too_few_rows", "No row of the evaluation file can be used.", "Correct it, or leave it out.")
    return split


def _refusal(problems: Sequence[Problem], usable: int) -> Rejected | None:
    """The error that refuses the whole file, if any; when no row is left, the reason why most rows went."""
    errors = [problem for problem in problems if problem.severity == "error"]
    of_file = [problem for problem in errors if not problem.rows]
    if not of_file:
        return None
    of_rows = [problem for problem in errors if problem.rows]
    cause = max(of_rows, key=lambda problem: len(problem.rows)) if of_rows and not usable else of_file[0]
    details = {"rows": cause.rows[:50]} if cause.rows else {}
    return Rejected(cause.code, cause.message, cause.hint, details=details)
