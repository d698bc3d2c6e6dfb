"""Which task and columns a table is read with: as a person gave them, else as its rows show, else as a question."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.candidates import WEAK, GoalCandidate, Keep, Question, question_about, ranked
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.marks import find_mark, unread_marks
from app.catalog.task_types.not_yet import recognise
from app.catalog.task_types.preference_columns import kept_answers
from app.errors import Rejected
from app.languages import stated, stated_list
from app.languages.statements import Statement
from app.services.datasets.row_tables import Reading, read_rows

SHOWN_ROWS, SHOWN_CHARACTERS = 3, 300


@dataclass(frozen=True)
class ColumnChoice:
    """How a table is read.

    Attributes:
        columns: role -> column.
        keeps: which rows are used; all of these must fit.
        runner_up: JSON form of the next best reading, where there is a serious one.
        answer: the answer of the reading that a person chose, where they were asked.
        answered: the sentence that says it.
        ignored: the column whose marks of good and bad rows are not obeyed; empty if there is none.
        unread: columns that say how rows were meant to be learned, which nothing reads.
    """

    task: TaskType
    columns: dict[str, str]
    keeps: tuple[Keep, ...] = ()
    runner_up: dict[str, Any] | None = None
    answer: str = ""
    answered: str = ""
    ignored: str = ""
    unread: tuple[str, ...] = ()


def choose_columns(
    reading: Reading,
    sample: Sequence[Mapping[str, Any]],
    task_type: str | None,
    columns: Mapping[str, str] | None,
    answer: str | None = None,
) -> ColumnChoice:
    """The task and the column of each role: as given, the rest as the sample shows.

    Args:
        answer: which reading a person chose: its ``answer``, or its number in the question, from 1.

    Raises:
        Rejected: ``several_readings`` or ``no_task_yet`` with the ``question`` in its details; ``unknown_answer``; what is
            given does not fit the file.
    """
    table = TableFacts(tuple(reading.main.columns), sample)
    given = {role: name for role, name in (columns or {}).items() if name}
    mark = find_mark(table)
    keeps = (mark,) if mark else ()
    question, found = _look(table, task_type, given)
    if answer:
        chosen = _find_answer(answer, question, found)
        task = find_task_type(chosen.task_type)
        kept = (*keeps, chosen.keep) if chosen.keep else keeps
        described = describe_columns(task, chosen.columns)
        words = stated("You chose “{task}” ({columns}).", task=stated(task.title), columns=described)
        ordered = _ordered(task, chosen.columns, reading)
        unread = _unread(table, ordered, kept)
        return ColumnChoice(task, ordered, kept, answer=chosen.answer, answered=words, unread=unread)
    if question is not None:
        raise _asked(question, table)
    task, guess = _best(found, task_type, given, table)
    _check_given(task, given, reading)
    if task.column_roles and any(map(task.is_answer, given)):
        # Any number of columns hold the answer: who names some of them has left out the others.
        guess = {role: name for role, name in guess.items() if not task.is_answer(role)}
    taken = set(given.values())
    merged = {role: name for role, name in guess.items() if name not in taken} | given
    ordered = _ordered(task, merged, reading)
    if not given and found and found[0].keep:
        keeps = (*keeps, found[0].keep)
    runner_up = _runner_up(found, task_type, given, table)
    return ColumnChoice(
        task,
        ordered,
        keeps,
        runner_up,
        ignored=_ignored_mark(task, ordered, table),
        unread=_unread(table, ordered, keeps),
    )


def _ignored_mark(task: TaskType, columns: Mapping[str, str], table: TableFacts) -> str:
    """The column that marks answers as good and bad, where a person names the columns and none of it is obeyed."""
    keep = next((offer.keep for offer in kept_answers(table) if offer.keep and offer.task_type == task.kind), None)
    return keep.column if keep and keep.column not in columns.values() else ""


def _unread(table: TableFacts, columns: Mapping[str, str], keeps: Sequence[Keep]) -> tuple[str, ...]:
    return tuple(unread_marks(table, {*columns.values(), *(keep.column for keep in keeps)}))


def _look(
    table: TableFacts, task_type: str | None, given: Mapping[str, str]
) -> tuple[Question | None, list[GoalCandidate]]:
    """What must be asked, if anything, and all readings in the order of their evidence."""
    tasks = _able([find_task_type(task_type)] if task_type else list(TASK_TYPES), given)
    candidates = [candidate for task in tasks for candidate in task.candidates(table)]
    found = ranked([item for item in candidates if task_type in (None, "", item.task_type)])
    if given:
        found.sort(key=lambda item: -sum(item.columns.get(role) == name for role, name in given.items()))
        # Who names the column of the answer has decided.
        decided = not found or any(map(find_task_type(found[0].task_type).is_answer, given))
        return (None if decided else question_about(found)), found
    unserved = None if task_type else recognise(table, [task.kind for task in TASK_TYPES])
    return unserved or question_about(found), found


def _able(tasks: list[TaskType], given: Mapping[str, str]) -> list[TaskType]:
    return [task for task in tasks if given.keys() <= {role.name for role in task.roles_of(given)}] or tasks


def _best(
    found: Sequence[GoalCandidate], task_type: str | None, given: Mapping[str, str], table: TableFacts
) -> tuple[TaskType, Mapping[str, str]]:
    if found:
        return find_task_type(found[0].task_type), found[0].columns
    task = _able([find_task_type(task_type)] if task_type else list(TASK_TYPES), given)[0]
    return task, task.guess_columns(table.names, table.sample)


def _find_answer(answer: str, question: Question | None, found: Sequence[GoalCandidate]) -> GoalCandidate:
    offered = list(question.candidates) if question else []
    offered += [item for item in found if item.answer not in {one.answer for one in offered}]
    numbered = {str(number): option for number, option in enumerate(offered, start=1)}
    known = {option.answer: option for option in offered} | numbered
    if answer not in known:
        listed = "; ".join(f"{number}: {item.answer}" for number, item in numbered.items()) or "-"
        raise Rejected(
            "unknown_answer",
            stated("The file has no reading {answer}.", answer=repr(answer[:80])),
            stated("Choose one of these: {readings}.", readings=listed),
        )
    return known[answer]


def _asked(question: Question, table: TableFacts) -> Rejected:
    """The refusal that asks; ``details.question`` is what a page or a program shows."""
    options = [as_option(candidate, table) for candidate in question.candidates]
    return Rejected(
        question.code,
        question.words,
        question.hint,
        details={
            "kind": question.kind,
            "columns": list(table.names[:50]),
            "question": {"words": question.words, "hint": question.hint, "options": options},
        },
    )


def as_option(candidate: GoalCandidate, table: TableFacts) -> dict[str, Any]:
    """``{"answer", "task_type", "title", "columns", "roles", "described", "why", "rows"}``; rows are as this reading reads them."""
    task = find_task_type(candidate.task_type)
    rows = [row for row in table.sample if candidate.keep is None or candidate.keep.fits(row)][:SHOWN_ROWS]
    return {
        "answer": candidate.answer,
        "task_type": task.kind,
        "title": task.title,
        "columns": dict(candidate.columns),
        "roles": [
            {"title": role.title, "column": candidate.columns[role.name]}
            for role in task.roles_of(candidate.columns)
            if role.name in candidate.columns
        ],
        "described": describe_columns(task, candidate.columns),
        "why": candidate.why,
        "rows": [
            [{"title": title, "text": _short(text)} for title, text in task.as_read(row, candidate.columns)]
            for row in rows
        ],
    }


def describe_columns(task: TaskType, columns: Mapping[str, str]) -> str:
    """ "Text: message, Label: team"."""
    named = [role for role in task.roles_of(columns) if role.name in columns]
    return stated_list([stated_list([stated(role.title), columns[role.name]], ": ") for role in named])


def _runner_up(
    found: Sequence[GoalCandidate], task_type: str | None, given: Mapping[str, str], table: TableFacts
) -> dict[str, Any] | None:
    """The second best reading, where nobody has said what to take and it would be a serious one."""
    if task_type or given or len(found) < 2 or found[1].score < WEAK or found[1].doubt:
        return None
    option = as_option(found[1], table)
    return {name: option[name] for name in ("answer", "task_type", "title", "columns", "described", "why")}


def unmarked_rows(folder: Path, reading: Reading, keeps: Sequence[Keep]) -> frozenset[int]:
    """Ids of the stored rows that are not to be used; rows of a file without the column are used."""
    left_out: set[int] = set()
    for keep in keeps:
        parts = [keep.column in part.columns for part in reading.parts]
        for row in read_rows(folder, [keep.column]):
            if parts[-1 if reading.is_evaluation(row["_id"]) else 0] and not keep.fits(row):
                left_out.add(row["_id"])
    return frozenset(left_out)


def choice_problems(choice: ColumnChoice) -> list[Problem]:
    """What to say about columns that are not obeyed or not read."""
    problems = [_ignored_problem(choice.ignored)] if choice.ignored else []
    if choice.unread:
        named = ", ".join(repr(name[:60]) for name in choice.unread)
        words = stated("Not read: {columns}. Such columns tell other programs how to use a row.", columns=named)
        hint = stated("Leave out the rows that are not to be learned.")
        problems.append(Problem("unread_marks", "info", words, hint))
    return problems


def _ignored_problem(column: str) -> Problem:
    """Warns that rows marked as bad are learned like the others."""
    words = stated("{column} marks some answers as bad; they are learned like the good ones.", column=repr(column))
    hint = stated("Leave out the rows that are marked false, or choose the reading that does.")
    return Problem("mark_not_obeyed", "warning", words, hint)


def mark_problem(keep: Keep, rows: Sequence[int], row_ids: Sequence[int]) -> Problem:
    """Says which rows are left out because of their mark."""
    words = stated(
        "{rows} rows are left out, because {column} is not {used} there.",
        rows=len(rows),
        column=repr(keep.column),
        used=" / ".join(map(repr, keep.values[:3])),
    )
    hint = stated("They stay in the data set; bring them back if they should be learned from.")
    return Problem("marked_rows", "info", words, hint, rows=list(rows), row_ids=list(row_ids))


def _ordered(task: TaskType, chosen: Mapping[str, str], reading: Reading) -> dict[str, str]:
    _check_complete(task, chosen, reading)
    return {role.name: chosen[role.name] for role in task.roles_of(chosen) if role.name in chosen}


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _check_given(task: TaskType, given: Mapping[str, str], reading: Reading) -> None:
    known = [role.name for role in task.roles_of(given)]
    for role, name in given.items():
        if role not in known:
            raise Rejected(
                "unknown_role",
                stated("The task {task} has no role {role}.", task=repr(task.kind), role=repr(role)),
                stated("Roles: {roles}.", roles=", ".join(known)),
            )
        if name not in reading.main.columns:
            raise missing_column(name, reading.main.columns, role)
    if len(set(given.values())) < len(given):
        hint = stated("Choose a column of its own for each.")
        raise Rejected("same_column", stated("One column was given for two roles."), hint)


def _check_complete(task: TaskType, chosen: Mapping[str, str], reading: Reading) -> None:
    if (role := task.missing_role(chosen)) is not None:
        raise Rejected(
            "missing_column",
            stated(
                "No column was recognised as {role}; the file has: {columns}.",
                role=Statement.of(repr(role.title), role.title, {}),
                columns=_listed(reading.main.columns),
            ),
            stated(
                "{help} Say which one it is, e.g. {name}=COLUMN, or rename it to {quoted}.",
                help=stated(role.help),
                name=role.name,
                quoted=repr(role.name),
            ),
            details={"role": role.name, "columns": reading.main.columns[:50]},
        )
    for role in task.roles_of(chosen):
        if (
            reading.evaluation
            and chosen.get(role.name, reading.evaluation.columns[0]) not in reading.evaluation.columns
        ):
            raise missing_column(chosen[role.name], reading.evaluation.columns, role.name, evaluation=True)


def missing_column(name: str, columns: Sequence[str], role: str, *, evaluation: bool = False) -> Rejected:
    """The refusal of a column that is not there, with a similar name that is."""
    similar = difflib.get_close_matches(name, columns, n=1, cutoff=0.4)
    named = {"name": repr(name[:60]), "columns": _listed(columns)}
    return Rejected(
        "missing_column",
        stated("The evaluation file has no column {name}; it has: {columns}.", **named)
        if evaluation
        else stated("The file has no column {name}; it has: {columns}.", **named),
        stated("Did you mean {name}?", name=repr(similar[0])) if similar else stated("Use one of the columns above."),
        details={"role": role, "columns": list(columns[:50])},
    )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:10]) + (f" (+{len(columns) - 10})" if len(columns) > 10 else "")
