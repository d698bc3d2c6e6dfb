"""What the tasks that write text share: how a row becomes an example, how it is checked, which scores it gets.

A task says how a row becomes a :class:`Example` and what is wrong with it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.catalog.task_types.base import Problem, TaskType, few, of_evaluation_file, too_few
from app.catalog.task_types.scores import AnswerForm, Score
from app.languages import stated

MIN_ROWS = 10
FEW_ROWS = 50
EXAMPLE_CHARACTERS = 120

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"


class Turn(NamedTuple):
    """One message of a conversation; ``role`` is ``system``, ``user`` or ``assistant``.

    An answer that is not ``learned`` is read as what came before, and counts in no loss.
    """

    role: str
    content: str
    learned: bool = True


@dataclass(frozen=True)
class Example:
    """One row as training data: a conversation in ``turns``, or running text in ``text``.

    ``unread`` names what the row holds besides and is not read, such as ``pictures``.
    """

    turns: tuple[Turn, ...] = ()
    text: str = ""
    unread: tuple[str, ...] = ()

    @property
    def question(self) -> tuple[Turn, ...]:
        """The turns before the last answer that is learned, which a model is asked with; empty for running text."""
        last = max((at for at, turn in enumerate(self.turns) if turn.role == ASSISTANT and turn.learned), default=0)
        return self.turns[:last]

    @property
    def answer(self) -> str:
        """The last answer that is learned; empty for running text."""
        return next((turn.content for turn in reversed(self.turns) if turn.role == ASSISTANT and turn.learned), "")


class UnusableRow(ValueError):
    """A row that cannot be trained on; ``code`` is one of the task's ``words``."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class GenerativeTask(TaskType):
    """Base of the tasks that write text; subclasses read a row as an example.

    ``words`` are severity, message and hint for every code that :meth:`read_example` and :meth:`remarks` use; ``{role}`` stands
    for the column of that role.
    """

    family = "generation"
    scores = (
        Score("perplexity", "Perplexity", unit="number", higher_is_better=False),
        Score("token_accuracy", "Token accuracy", drawn=False),
        Score("rouge_l", "ROUGE-L", rows="answers", drawn=False),
        Score("exact_match", "Exact match", rows="answers", drawn=False),
    )
    answer_form: AnswerForm = "text"
    training_defaults: Mapping[str, Any] = {"max_length": 512, "batch_size": 16}
    # Several examples share a row, and running text goes on in the next one.
    cuts_texts = False
    words: Mapping[str, tuple[str, str, str]] = {}

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """What a row teaches.

        Raises:
            UnusableRow: it cannot be trained on.
        """
        raise NotImplementedError

    def with_prefix(self, example: Example, prefix: str) -> Example:
        """The example with an instruction before its text, for tasks that have a setting for it."""
        return example

    def readable(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.readable`; a model that writes reads its answers too while it learns."""
        try:
            example = self.read_example(row, columns)
        except UnusableRow:
            return ""
        return "\n".join(turn.content for turn in example.turns) or example.text

    def as_read(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`: the messages with who says them."""
        try:
            example = self.read_example(row, columns)
        except UnusableRow:
            return super().as_read(row, columns)
        return [(turn.role.title(), turn.content) for turn in example.turns] or [("Text", example.text)]

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """(code, what to show) of things to look at in a usable row."""
        return []

    def check(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        notes = self.notes(columns)
        for row in rows:
            try:
                example = self.read_example(row, columns)
            except UnusableRow as flaw:
                notes.add(flaw.code, row, flaw.detail)
                continue
            notes.count(example, row)
            for code, detail in self.remarks(example):
                notes.add(code, row, detail)
        return notes.problems()

    def notes(self, columns: Mapping[str, str]) -> "RowNotes":
        """What collects the findings of one check."""
        return RowNotes(self.words, columns)

    def labels(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, int]:
        """There are no labels."""
        return {}


class RowNotes:
    """Collects what was met, by file and code, and puts it into words."""

    def __init__(self, words: Mapping[str, tuple[str, str, str]], columns: Mapping[str, str]) -> None:
        self._words, self._columns = {**_SHARED_WORDS, **words}, columns
        self._problems: dict[tuple[bool, str], Problem] = {}
        self._first: dict[bytes, tuple[int, bool]] = {}
        self._usable = 0

    def count(self, example: Example, row: Mapping[str, Any]) -> None:
        """Note a usable row, and whether it was there before."""
        evaluation = bool(row.get("_evaluation"))
        self._usable += not evaluation
        digest = hashlib.blake2b(repr(example).encode(), digest_size=16).digest()
        line, first_evaluation = self._first.setdefault(digest, (row["_line"], evaluation))
        if (line, first_evaluation) != (row["_line"], evaluation):
            code = "leakage" if evaluation and not first_evaluation else "duplicate_rows"
            self.add(code, row, {"same as row": line})

    def add(self, code: str, row: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        """Note one row under a code."""
        evaluation = bool(row.get("_evaluation"))
        if (evaluation, code) not in self._problems:
            severity, message, hint = self._words[code]
            named = {role: repr(name) for role, name in self._columns.items() if f"{{{role}}}" in message}
            words: str = stated(message, **named)
            words = of_evaluation_file(words) if evaluation else words
            self._problems[evaluation, code] = Problem(code, severity, words, stated(hint))
        problem = self._problems[evaluation, code]
        problem.rows.append(row["_line"])
        problem.row_ids.append(row["_id"])
        if len(problem.examples) < 5:
            problem.examples.append({"row": row["_line"], **{name: short(value) for name, value in detail.items()}})

    def problems(self) -> list[Problem]:
        """The refusals first, then errors, then warnings; within these, what touches most rows first."""
        found = sorted(self._problems.values(), key=lambda problem: (problem.severity != "error", -len(problem.rows)))
        if self._usable < MIN_ROWS:
            hint = stated("Add examples, ideally a few hundred.")
            return [Problem("too_few_rows", "error", too_few(self._usable, MIN_ROWS), hint), *found]
        if self._usable < FEW_ROWS:
            found.append(few(self._usable, FEW_ROWS))
        return found


def short(value: Any) -> str:
    """A value as it is shown in a report."""
    text = "" if value is None else str(value)
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"


_SHARED_WORDS = {
    "duplicate_rows": (
        "warning",
        "The same example occurs more than once.",
        "Copies are kept together in one split, so the test stays fair; remove them if they are not meant.",
    ),
    "leakage": (
        "warning",
        "These examples are also in the training file, so the score will look better than it is.",
        "Remove them from one of the two files.",
    ),
    "template_markers": (
        "error",
        "The text holds markers of a chat template, such as <|im_end|> or [INST].",
        "A model would take them for the end of a turn; remove them. These rows are left out.",
    ),
}
