"""Builds the data report of a stored table: chooses columns, runs the task's checks, profiles the texts, makes splits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.catalog.base_models import base_model as find_base_model
from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.text_patterns import text_key
from app.catalog.text_length import DEFAULT_LENGTH, declared_length
from app.errors import Rejected, StudioError
from app.languages import gettext_noop, stated
from app.services.datasets.column_choice import (
    ColumnChoice,
    choice_problems,
    choose_columns,
    mark_problem,
    missing_column,
    unmarked_rows,
)
from app.services.datasets.empty_rows import EmptyRows
from app.services.datasets.findings import Finding, LineIndex, collect, report_entry
from app.services.datasets.progress import ProgressCallback, ignore_progress, with_progress
from app.services.datasets.row_tables import Reading, read_lines, read_rows, sample_rows
from app.services.profiling.default_lengths import length_for
from app.services.profiling.number_profile import describe_numbers
from app.services.profiling.split_plans import SplitPlan, make_splits
from app.services.profiling.split_rows import SplitRows
from app.services.profiling.text_profile import ProfiledRow, TextProfile, TextSummary
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
        numbers: name of a number that is learned -> how its values are spread, as ``describe_numbers`` has it.
        problems: JSON form of each problem.
        runner_up: the next best reading of the columns, where there is a serious one.
        answer: the answer of the reading that a person chose, where they were asked.
        answered: the sentence that says it.
        question: what a person must say before the rows can be used; see ``column_choice``.
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
    numbers: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    runner_up: dict[str, Any] | None = None
    answer: str = ""
    answered: str = ""
    question: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``excluded`` and the last five are there only where they say something."""
        rows = {"total": self.total, "usable": self.usable}
        asked = {
            "numbers": self.numbers,
            "runner_up": self.runner_up,
            "answer": self.answer,
            "answered": self.answered,
            "question": self.question,
        }
        return {
            "status": self.status,
            "format": self.format,
            "encoding": self.encoding,
            "rows": rows | ({"excluded": self.excluded} if self.excluded else {}),
            "task": self.task,
            "columns": self.columns,
            "labels": self.labels,
            "problems": self.problems,
            **{name: value for name, value in asked.items() if value},
        }


@dataclass(frozen=True)
class DataReport:
    """A table checked for one task.

    Attributes:
        splits: content of ``splits.json``, None when the table is rejected.
        refusal: the error that refuses the table, if any.
        lengths: how long the usable texts are for the recommended model.
        tokens: row ids and their tokens, int64 of shape (2, rows).
        excluded: rows that were left out, by a person or by a mark in the file.
    """

    task: TaskType
    summary: ReportSummary
    splits: dict[str, Any] | None
    refusal: Rejected | None
    findings: list[Finding]
    lengths: TokenLengths
    tokens: np.ndarray
    excluded: "Exclusions"

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

    def joined(self, ids: Iterable[int]) -> "Exclusions":
        """These and more stored rows."""
        return Exclusions(self.ids | frozenset(ids), self.lost)


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
        answer: which of several readings a person chose; see :func:`choose_columns`.
        obey_marks: leave out rows that the file itself marks as not to be used; for rows that were just read.
    """

    task_type: str | None = None
    columns: Mapping[str, str] | None = None
    excluded: Exclusions = NOTHING
    previous_splits: Mapping[str, Any] | None = None
    plan: SplitPlan = field(default_factory=SplitPlan)
    known_tokens: Mapping[int, int] = field(default_factory=dict)
    answer: str | None = None
    obey_marks: bool = False


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
    choice = choose_columns(reading, sample, options.task_type, options.columns, options.answer)
    task, columns = choice.task, choice.columns
    table = _Table(folder, reading, task, columns, on_progress)
    index = LineIndex(*read_lines(folder), _evaluation_ids(reading))
    marked = _marked(folder, reading, choice, index) if options.obey_marks else []
    options = replace(options, excluded=options.excluded.joined(row_id for item in marked for row_id in item.row_ids))
    excluded = options.excluded.lost | {(reading.is_evaluation(n), index.line(n)) for n in options.excluded.ids}
    problems, skipped = _reading_problems(task, reading, columns, excluded)
    problems += [*unread_texts(task, columns, sample), *choice_problems(choice), *marked]
    empty = EmptyRows(columns)
    problems += task.check(empty.left_out(table.rows(gettext_noop("Checking every row"), skipped)), columns)
    problems += empty.problems()
    invalid = {row_id for problem in problems if problem.severity == "error" for row_id in problem.row_ids}
    valid = (row for row in table.rows(gettext_noop("Looking at the texts"), skipped) if row["_id"] not in invalid)
    usable, texts = table.profile(valid, options)
    problems += texts.problems
    refusal, split = _refusal(problems, len(usable)), None
    if refusal is None:
        on_progress(gettext_noop("Splitting the rows"), 0, 0)
        try:
            split = _split(usable, texts, options, reading)
        except Rejected as error:
            refusal = error
            problems.insert(0, Problem(error.code, "error", error.message, error.hint))
    findings = collect(problems, index)
    summary = ReportSummary(
        status=REJECTED if refusal else WARNINGS if any(item.severity != "info" for item in problems) else OK,
        format=reading.main.format,
        encoding=reading.main.encoding,
        task=task.kind,
        total=reading.total,
        usable=len(usable),
        excluded=options.excluded.count,
        columns=columns,
        labels=usable.counts(),
        numbers=_numbers(usable, task.output_names((), columns)),
        problems=[report_entry(problem, finding) for problem, finding in zip(problems, findings, strict=True)],
        runner_up=choice.runner_up,
        answer=choice.answer,
        answered=choice.answered,
    )
    if refusal:
        refusal.details = {**refusal.details, "report": summary.as_dict()}
    return DataReport(task, summary, split, refusal, findings, texts.lengths, texts.tokens, options.excluded)


def _numbers(usable: SplitRows, names: Sequence[str]) -> dict[str, Any]:
    """How the numbers are spread that a task learns."""
    if not len(usable):
        return {}
    return {name: describe_numbers(values) for name, values in zip(names, usable.numbers.T, strict=True)}


def _marked(folder: Path, reading: Reading, choice: ColumnChoice, index: LineIndex) -> list[Problem]:
    """What says which rows the file itself, or the chosen reading, leaves out."""
    found = [(keep, sorted(unmarked_rows(folder, reading, [keep]))) for keep in choice.keeps]
    return [mark_problem(keep, [index.line(row_id) for row_id in ids], ids) for keep, ids in found if ids]


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
        task=task_type or _probable_task(error),
        total=reading.total if reading else 0,
        problems=[problem.as_dict()],
        question=error.details.get("question"),
    )


def _probable_task(error: StudioError) -> str:
    """The first reading that a question offers; nothing is said where it offers none."""
    question = error.details.get("question")
    if question is None:
        return TASK_TYPES[0].kind
    return question["options"][0]["task_type"] if question["options"] else ""


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
        profile = TextProfile(counter, self._limit, options.known_tokens)
        values = self._values(options.plan.column)
        for row in rows:
            # Rows with the same inputs share a key.
            key = text_key(task.identity(row, self.columns))
            row_id, line, evaluation = row["_id"], row["_line"], row["_evaluation"]
            answers, numbers = task.answers(row, self.columns), task.numbers(row, self.columns)
            usable.add(row_id, line, key, answers, evaluation, values.get(row_id, ""), numbers)
            profile.add(ProfiledRow(row_id, line, task.readable(row, self.columns), key, evaluation))
        self.on_progress(gettext_noop("Comparing the texts"), 0, 0)
        return usable, profile.finish(self._texts)

    def _limit(self, lengths: TokenLengths) -> int:
        """The maximum length of the texts in a run with the defaults."""
        if not lengths.base_model:
            return declared_length(self.task.training_defaults, DEFAULT_LENGTH).tokens
        return length_for(self.task, find_base_model(lengths.base_model), lengths).tokens

    def _texts(self, row_ids: Set[int]) -> dict[int, str]:
        """Row id -> text of a few rows, read from the table once more."""
        stored = read_rows(self.folder, list(self.columns.values()))
        return {row["_id"]: self.task.readable(row, self.columns) for row in stored if row["_id"] in row_ids}

    def _values(self, column: str) -> dict[int, str]:
        """Row id -> cell of the column by which rows are split."""
        if not column:
            return {}
        if column not in self.reading.columns:
            raise missing_column(column, self.reading.columns, "split")
        return {row["_id"]: row[column] or "" for row in read_rows(self.folder, [column])}


def _evaluation_ids(reading: Reading) -> range:
    part = reading.evaluation
    return range(part.first_id, part.first_id + part.span) if part else range(0)


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
            if flaw.column and flaw.column not in roles:
                if flaw.unused:
                    problems.append(
                        Problem(f"unused_{flaw.code}", "warning", flaw.unused, stated("Nothing needs to be done."))
                    )
                continue
            if flaw.rows and not rows:
                continue
            if flaw.code in ("nested_value", "parquet_nested") and roles.get(flaw.column) in task.nested_roles:
                continue
            # Mixed types are named by the role that they concern: label_type, text_type.
            code = f"{roles[flaw.column]}_type" if flaw.code == "mixed_types" else flaw.code
            message = stated("In the evaluation file: {problem}", problem=flaw.message) if evaluation else flaw.message
            problems.append(Problem(code, flaw.severity, message, flaw.hint, rows=rows))
            if flaw.severity == "error":
                invalid |= {(evaluation, line) for line in rows}
    return problems, invalid | excluded


def _split(usable: SplitRows, texts: TextSummary, options: ReportOptions, reading: Reading) -> dict[str, Any]:
    split = make_splits(usable, texts.groups, options.plan, options.previous_splits)
    if reading.evaluation and not any(reading.is_evaluation(row_id) for row_id in split["test"]):
        raise Rejected(
            "too_few_rows",
            stated("No row of the evaluation file can be used."),
            stated("Correct it, or leave it out."),
        )
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
