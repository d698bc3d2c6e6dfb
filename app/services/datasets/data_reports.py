"""Judges a stored table for a task: chooses columns, runs the task's checks, deals out splits, writes the report.

Works on a folder with ``rows.parquet``; knows no database and no door.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.not_yet import recognise
from app.catalog.task_types.text_patterns import text_key
from app.errors import Rejected, StudioError
from app.services.datasets.findings import Finding, LineIndex, collect, report_entry
from app.services.datasets.progress import Tell, counted, silent
from app.services.datasets.row_tables import Reading, read_lines, read_rows, sample_rows
from app.services.profiling.split_plans import SplitPlan, make_splits
from app.services.profiling.split_rows import SplitRows
from app.services.profiling.text_profile import DEFAULT_LENGTH, ProfiledRow, Surveyed, TextProfile
from app.services.profiling.token_lengths import TokenCounter, default_model
from app.services.profiling.unread_columns import unread_texts

SAMPLE_ROWS = 1000
OK, WARNINGS, REJECTED = "ok", "warnings", "rejected"


@dataclass(frozen=True)
class DataReport:
    """A table as one task sees it. ``splits`` is the content of ``splits.json``, None when the table is rejected;
    ``lengths`` says how long the usable texts are for the model that is recommended, ``tokens`` so for each row (2, rows).
    """

    task: TaskType
    columns: dict[str, str]
    labels: dict[str, int]
    report: dict[str, Any]
    splits: dict[str, Any] | None
    refusal: Rejected | None
    findings: list[Finding] = field(default_factory=list)
    lengths: dict[str, Any] = field(default_factory=dict)
    tokens: Any = None


@dataclass(frozen=True)
class Exclusions:
    """What a person decided to leave out: stored rows by id, and lines that could not be read (evaluation file?, line)."""

    ids: frozenset[int] = frozenset()
    lost: frozenset[tuple[bool, int]] = frozenset()

    @property
    def count(self) -> int:
        """Rows left out."""
        return len(self.ids) + len(self.lost)

    @property
    def told(self) -> dict[str, int]:
        """``{"excluded": count}`` for the report, empty when nothing was left out."""
        return {"excluded": self.count} if self.count else {}


NOTHING = Exclusions()


def build_report(
    folder: Path,
    reading: Reading,
    task_type: str | None,
    columns: Mapping[str, str] | None,
    seed: int,
    *,
    excluded: Exclusions = NOTHING,
    before: Mapping[str, Any] | None = None,
    plan: SplitPlan | None = None,
    tokens: Mapping[int, int] | None = None,
    tell: Tell = silent,
) -> DataReport:
    """Check every row and deal the usable ones out.

    Args:
        excluded: rows that are neither checked nor used.
        before: splits of the version that these rows come from; rows stay where they were.
        plan: how to deal rows out; by ratio with ``seed`` if left out.
        tokens: row id -> tokens, for rows whose texts were counted before and have not changed.
        tell: hears where the work stands.

    Raises:
        Rejected: ``missing_column``, ``unknown_role`` or ``same_column`` when the columns do not fit the task.
    """
    sample = sample_rows(folder, reading.main.columns, reading.main.rows, SAMPLE_ROWS)
    task, chosen = choose_columns(reading, sample, task_type, columns)
    index = LineIndex(*read_lines(folder), _evaluation_ids(reading))
    gone = excluded.lost | {(reading.is_evaluation(n), index.line(n)) for n in excluded.ids}
    problems, bad = _problems_of_reading(task, reading, chosen, gone)
    problems += unread_texts(task, chosen, sample)
    problems += task.check(_rows(folder, reading, chosen, bad, (tell, "Checking every row")), chosen)
    left_out = {row_id for each in problems if each.severity == "error" for row_id in each.row_ids}
    looked_at = _rows(folder, reading, chosen, bad, (tell, "Looking at the texts"))
    kept = (row for row in looked_at if row["_id"] not in left_out)
    values = _values(folder, reading, plan.column if plan else "")
    usable, surveyed = _survey(folder, task, kept, chosen, values, tokens or {}, tell)
    problems += surveyed.problems
    refusal, dealt = _refusal(problems, len(usable)), None
    if refusal is None:
        tell("Dealing rows out", 0, 0)
        try:
            dealt = _deal(usable, surveyed, plan or SplitPlan(seed=seed), before, reading)
        except Rejected as error:
            refusal = error
            problems.insert(0, Problem(error.code, "error", error.message, error.hint))
    found = collect(problems, index)
    report: dict[str, Any] = {
        "status": REJECTED if refusal else WARNINGS if problems else OK,
        **_read_as(reading),
        "rows": {"total": reading.total, "usable": len(usable), **excluded.told},
        "task": task.kind,
        "columns": chosen,
        "labels": usable.counts(),
        "problems": [report_entry(*each) for each in zip(problems, found, strict=True)],
    }
    if refusal:
        refusal.details = {**refusal.details, "report": report}
    return DataReport(task, chosen, usable.counts(), report, dealt, refusal, found, surveyed.lengths, surveyed.tokens)


def _evaluation_ids(reading: Reading) -> range:
    part = reading.evaluation
    return range(part.first_id, part.first_id + part.span) if part else range(0)


def _read_as(reading: Reading) -> dict[str, str]:
    return {"format": reading.main.format, "encoding": reading.main.encoding}


def refused_report(
    error: StudioError, file_name: str, task_type: str | None, reading: Reading | None = None
) -> dict[str, Any]:
    """The report of a file that could not be read, or whose columns do not fit the task."""
    problem = Problem(error.code, "error", error.message, error.hint, rows=list(error.details.get("rows", [])))
    ending = file_name.rpartition(".")[2].lower()[:20] if "." in file_name else ""
    return {
        "status": REJECTED,
        "format": reading.main.format if reading else ending,
        "encoding": reading.main.encoding if reading else "",
        "rows": {"total": reading.total if reading else 0, "usable": 0},
        "task": task_type or TASK_TYPES[0].kind,
        "columns": {},
        "labels": {},
        "problems": [problem.as_dict()],
    }


def choose_columns(
    reading: Reading, sample: Sequence[Mapping[str, Any]], task_type: str | None, columns: Mapping[str, str] | None
) -> tuple[TaskType, dict[str, str]]:
    """The task and the column of each role: what the person said, and guesses for the rest, made from a sample of rows."""
    if not task_type and not columns:
        _refuse_unserved(reading.main.columns, sample)
    candidates = [find_task_type(task_type)] if task_type else list(TASK_TYPES)
    guesses = [(task, task.guess_columns(reading.main.columns, sample)) for task in candidates]
    whole = [(task, guess) for task, guess in guesses if task.missing_role(guess) is None]
    whole.sort(key=lambda each: not (each[0].sure_of_guess or each[0].is_certain(reading.main.columns)))
    task, guess = (whole or guesses)[0]
    given = {role: name for role, name in (columns or {}).items() if name}
    _check_given(task, given, reading)
    taken = set(given.values())
    chosen = {role: name for role, name in guess.items() if name not in taken} | given
    _check_complete(task, chosen, reading)
    return task, {role.name: chosen[role.name] for role in task.roles if role.name in chosen}


def _refuse_unserved(columns: list[str], sample: Sequence[Mapping[str, Any]]) -> None:
    found = recognise(columns, sample, [task.kind for task in TASK_TYPES])
    if found is not None:
        raise Rejected(
            "no_task_yet",
            f"The file seems to hold {found.words}; there is no task for it here yet.",
            found.hint,
            details={"kind": found.kind, "columns": columns[:50]},
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
    near = difflib.get_close_matches(name, columns, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}?" if near else "Use one of the columns above."
    return Rejected(
        "missing_column",
        f"The {where} has no column {name[:60]!r}; it has: {_listed(columns)}.",
        hint,
        details={"role": role, "columns": list(columns[:50])},
    )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:10]) + (f" and {len(columns) - 10} more" if len(columns) > 10 else "")


def _problems_of_reading(
    task: TaskType, reading: Reading, chosen: Mapping[str, str], gone: Set[tuple[bool, int]]
) -> tuple[list[Problem], set[tuple[bool, int]]]:
    """What the reader met, as far as it concerns the chosen columns, and the stored lines that cannot be used."""
    problems: list[Problem] = []
    bad: set[tuple[bool, int]] = set()
    roles = {name: role for role, name in chosen.items()}
    for part in reading.parts:
        evaluation = part is reading.evaluation
        for flaw in part.flaws:
            rows = [line for line in flaw.rows if (evaluation, line) not in gone]
            if (flaw.column and flaw.column not in roles) or (flaw.rows and not rows):
                continue
            if flaw.code in ("nested_value", "parquet_nested") and roles.get(flaw.column) in task.nested_roles:
                continue
            # Mixed types are told as what they mean for the task: label_type, text_type.
            code = f"{roles[flaw.column]}_type" if flaw.code == "mixed_types" else flaw.code
            message = f"In the evaluation file: {flaw.message}" if evaluation else flaw.message
            problems.append(Problem(code, flaw.severity, message, flaw.hint, rows=rows))
            if flaw.severity == "error":
                bad |= {(evaluation, line) for line in rows}
    return problems, bad | gone


def _rows(
    folder: Path, reading: Reading, chosen: Mapping[str, str], bad: set[Any], told: tuple[Tell, str]
) -> Iterator[dict[str, Any]]:
    for row in counted(read_rows(folder, list(chosen.values())), *told, reading.stored):
        row["_evaluation"] = reading.is_evaluation(row["_id"])
        if (row["_evaluation"], row["_line"]) not in bad:
            yield row


def _survey(
    folder: Path,
    task: TaskType,
    rows: Iterable[dict[str, Any]],
    chosen: Mapping[str, str],
    values: Mapping[int, str],
    tokens: Mapping[int, int],
    tell: Tell,
) -> tuple[SplitRows, Surveyed]:
    """The rows that can be used, without their texts, and what the texts are like."""
    usable = SplitRows()
    counter = TokenCounter(default_model(task.kind))
    survey = TextProfile(counter, task.training_defaults.get("max_length", DEFAULT_LENGTH), tokens)
    for row in rows:
        # Rows with the same inputs share a key.
        key = text_key(task.identity(row, chosen))
        row_id, line, evaluation = row["_id"], row["_line"], row["_evaluation"]
        usable.add(row_id, line, key, task.answers(row, chosen), evaluation, values.get(row_id, ""))
        survey.see(ProfiledRow(row_id, line, task.readable(row, chosen), key, evaluation))
    tell("Comparing the texts", 0, 0)

    def texts(wanted: Set[int]) -> dict[int, str]:
        """The texts of a few rows, once more from the table."""
        found = (row for row in read_rows(folder, list(chosen.values())) if row["_id"] in wanted)
        return {row["_id"]: task.readable(row, chosen) for row in found}

    return usable, survey.finish(texts)


def _values(folder: Path, reading: Reading, column: str) -> dict[int, str]:
    """Row id -> cell of the column by which rows are dealt out."""
    if not column:
        return {}
    if column not in reading.columns:
        raise _missing_column(column, reading.columns, "split")
    return {row["_id"]: row[column] or "" for row in read_rows(folder, [column])}


def _deal(
    usable: SplitRows, surveyed: Surveyed, plan: SplitPlan, before: Mapping[str, Any] | None, reading: Reading
) -> dict[str, Any]:
    dealt = make_splits(usable, surveyed.groups, plan, before)
    _check_test(dealt, reading)
    return dealt


def _check_test(dealt: Mapping[str, Any], reading: Reading) -> None:
    if reading.evaluation and not any(reading.is_evaluation(row_id) for row_id in dealt["test"]):
        raise Rejected("too_few_rows", "No row of the evaluation file can be used.", "Correct it, or leave it out.")


def _refusal(problems: Sequence[Problem], usable: int) -> Rejected | None:
    """The error that refuses the whole file, if any; when no row is left, the reason why most rows went."""
    whole = [each for each in problems if each.severity == "error" and not each.rows]
    if not whole:
        return None
    causes = [each for each in problems if each.severity == "error" and each.rows]
    said = max(causes, key=lambda each: len(each.rows)) if causes and not usable else whole[0]
    details = {"rows": said.rows[:50]} if said.rows else {}
    return Rejected(said.code, said.message, said.hint, details=details)
