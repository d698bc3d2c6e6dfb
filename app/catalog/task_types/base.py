"""What a task type declares: words, column roles, how rows are checked, encoded and scored.

A task type is one file with one class and one line in ``TASK_TYPES``. Checking and scoring need no torch; encoding and
model building import it inside their functions.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.task_types.candidates import GUESSED, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.scores import AnswerForm, Score
from app.catalog.task_types.text_patterns import in_any_order
from app.languages import gettext_noop, stated, stated_number
from app.languages.statements import Statement


@dataclass(frozen=True)
class Role:
    """A part that a column can play, e.g. the text or the label."""

    name: str
    title: str
    help: str
    required: bool = True


def of_evaluation_file(message: str) -> str:
    """A message about rows of the evaluation file, which would be about the training file otherwise."""
    english = f"In the evaluation file: {message[0].lower()}{message[1:]}"
    return Statement.of(english, gettext_noop("In the evaluation file: {message}"), {"message": message})


def too_few(rows: int, fewest: int) -> str:
    """That too few rows can be used."""
    if not rows:
        return stated("No row can be used; at least {fewest} are needed.", fewest=fewest)
    return stated_number(
        "Only {number} row can be used; at least {fewest} are needed.",
        "Only {number} rows can be used; at least {fewest} are needed.",
        rows,
        fewest=fewest,
    )


@dataclass
class Problem:
    """One kind of defect found in the data, with every row it touches.

    ``rows`` are 1-based line or record numbers as the person sees them in the file; ``row_ids`` are our own ids.
    ``related`` names, by row id, the row that explains it, e.g. the one of which it is a copy.
    ``severity`` is ``error`` (those rows are left out, or the file is refused if nothing useful remains) or ``warning``.
    """

    code: str
    severity: str
    message: str
    hint: str
    rows: list[int] = field(default_factory=list)
    row_ids: list[int] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)
    related: dict[int, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON form of the public report; at most 50 row numbers are spelled out, ``count`` covers all."""
        return {
            "code": self.code,
            "severity": self.severity,
            "count": len(self.rows),
            "rows": self.rows[:50],
            "message": self.message,
            "hint": self.hint,
            "examples": self.examples[:5],
        }


def few(rows: int, advised: int) -> Problem:
    """The warning that scores will say little."""
    message = stated("Only {rows} usable rows; scores on so few say little.", rows=rows)
    return Problem("few_rows", "warning", message, stated("Add examples; {rows} or more are advised.", rows=advised))


class TaskType:
    """Base of all task types; subclasses set the class attributes and implement the methods."""

    kind: str
    title: str
    summary: str
    example: str
    roles: tuple[Role, ...]
    # Of the test rows, the first being the one by which checkpoints, runs and experiments are ranked.
    scores: tuple[Score, ...]
    answer_form: AnswerForm = "label"
    # What is needed of the primary metric for a finished run to be good enough, unless the person says otherwise; None where no
    # number can say that.
    needed: float | None = None
    # Which kind of network it tunes: ``classification``, ``tokens`` or ``generation``.
    family: str = "classification"
    # Sets of roles of which one must be complete, for tasks whose data comes in several forms.
    role_sets: tuple[tuple[str, ...], ...] = ()
    # Roles that hold the answer; rows that differ only there stay in one split.
    answer_roles: tuple[str, ...] = ("label",)
    # Roles that any number of columns may play, each under its own name, which ends the name of the role.
    column_roles: tuple[Role, ...] = ()
    # Roles whose cells may hold lists or objects; they are kept as JSON.
    nested_roles: tuple[str, ...] = ()
    # Roles whose cells may hold conversations, which people see and edit message by message.
    conversation_roles: tuple[str, ...] = ()
    # Training settings that differ from the general defaults.
    training_defaults: Mapping[str, Any] = {}
    # Roles of the texts that a model reads together; those that have a column are shown and asked for one by one.
    text_roles: tuple[str, ...] = ("text",)
    # Whether a row is one text and what is written for it, which encoder-decoders learn as well.
    sequence_to_sequence: bool = False
    # Whether a row is one text that loses its end at the maximum length, which then follows the data.
    cuts_texts: bool = True

    @property
    def reply_form(self) -> AnswerForm:
        """In which form a tuned model answers what it is asked, which may be another than its test rows are judged in."""
        return "text" if self.family == "generation" else self.answer_form

    @property
    def primary_score(self) -> Score:
        """The score by which checkpoints, runs and experiments are ranked."""
        return self.scores[0]

    @property
    def primary_metric(self) -> str:
        """Its key."""
        return self.primary_score.key

    @property
    def lower_is_better(self) -> bool:
        """Whether a lower value of the primary metric is better."""
        return not self.primary_score.higher_is_better

    @property
    def metric_titles(self) -> dict[str, str]:
        """Key -> title of every score, and of the loss."""
        return {**{score.key: score.title for score in self.scores}, "loss": "Loss"}

    def roles_of(self, columns: Iterable[str]) -> tuple[Role, ...]:
        """The roles of the task, with those among the named ones that only some tables have."""
        return self.roles

    def roles_for(self, column: str) -> tuple[Role, ...]:
        """The roles that a person may give to a column."""
        own = (Role(f"{role.name}{column}", role.title, role.help, required=False) for role in self.column_roles)
        return (*self.roles, *own)

    def is_answer(self, role: str) -> bool:
        """Whether a role holds the answer."""
        return role in self.answer_roles

    def input_roles(self, columns: Iterable[str]) -> tuple[Role, ...]:
        """The roles among the named ones that are texts a model reads together, in their order."""
        named = set(columns)
        return tuple(role for role in self.roles if role.name in self.text_roles and role.name in named)

    def input_parts(self, stored: str, columns: Iterable[str]) -> list[tuple[str, str]]:
        """(title, text) of each text of an input as it is stored; no title where there is only one."""
        roles = self.input_roles(columns)
        if len(roles) < 2:
            return [("", stored)]
        return [(role.title, text) for role, text in zip(roles, json.loads(stored), strict=True)]

    def missing_role(self, chosen: Mapping[str, str]) -> Role | None:
        """The first role that must still get a column; None when the mapping is complete."""
        needed = {role.name for role in self.roles if role.required}
        if self.role_sets and not any(set(roles) <= chosen.keys() for roles in self.role_sets):
            # The set that lacks least is probably the one that is meant.
            needed |= set(min(self.role_sets, key=lambda roles: len(set(roles) - chosen.keys())))
        return next((role for role in self.roles if role.name in needed and role.name not in chosen), None)

    def outputs(self, labels: int) -> int:
        """How many numbers the answer layer gives for data with so many labels."""
        return labels

    def output_names(self, labels: Iterable[str], columns: Mapping[str, str]) -> list[str]:
        """The name of each number of the answer layer: the labels of the data, in the order of the alphabet."""
        return sorted(labels)

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Role -> column name, guessed from names, types and values; roles that fit nothing are left out."""
        raise NotImplementedError

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """The ways in which this task could read a table, each with the strength of its evidence."""
        guess = self.guess_columns(table.names, table.sample)
        return [GoalCandidate(self.kind, guess, GUESSED)] if self.missing_role(guess) is None else []

    def as_read(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """(what it is, text) of the parts of a row as this task reads them, to be shown to a person."""
        return [(role.title, str(row.get(columns[role.name]) or "")) for role in self.roles if role.name in columns]

    def readable(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """The text of a row that a model reads, for counting and comparing; the answer is no part of it."""
        inputs = [name for role, name in columns.items() if not self.is_answer(role)]
        return " ".join(row[name] or "" for name in inputs or columns.values())

    def identity(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """What makes two rows the same question, two texts in any order; such rows stay in one split."""
        texts = self.input_roles(columns)
        if len(texts) > 1:
            return in_any_order(str(row[columns[role.name]] or "") for role in texts)
        return "\0".join(row[name] or "" for role, name in columns.items() if not self.is_answer(role))

    def answers(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, ...]:
        """Every label of a row, repeated if it is given repeatedly; splits are balanced over them."""
        label = (row[columns["label"]] or "").strip() if "label" in columns else ""
        return (label,) if label else ()

    def numbers(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[float, ...]:
        """The numbers of a usable row that are to be learned, over whose quantiles splits are balanced; none for other tasks."""
        return ()

    def marked(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any] | None:
        """``{"column", "text", "spans": [[start, end, label]]}`` to show in place of a column's cell, if the task marks words."""
        return None

    def rewritten(self, row: Mapping[str, Any], columns: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
        """Column -> cell that says the same in the task's own way, with labels called by their new ``names``."""
        return {}

    def check(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
        """Every defect in the rows; each row is a mapping with ``_id`` and ``_line`` beside the file's own columns."""
        raise NotImplementedError

    def labels(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, int]:
        """Label -> count over usable rows, sorted by label; empty for tasks without labels."""
        raise NotImplementedError

    def metrics(self, expected: Sequence[int], answered: Sequence[int], label_count: int) -> dict[str, float]:
        """Scores for held-out rows."""
        raise NotImplementedError
