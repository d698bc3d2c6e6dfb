"""What can be told about any task's texts, row by row and as a whole: near copies, hidden characters, languages, lengths.

One pass over the usable rows; adds warnings to those of the task's own checks. Knows no door and no database.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.catalog.task_types import text_patterns as patterns
from app.catalog.task_types.base import Problem
from app.catalog.training import TrainingSettings
from app.services import near_copies, token_lengths
from app.services.text_languages import TITLES, language_of

DEFAULT_LENGTH: int = TrainingSettings.model_fields["max_length"].default
SHORT_CHARACTERS = 2
# Of the texts whose language can be told: a few names or quotations are no mix.
MIX_SHARE, MIX_ROWS = 0.01, 3
EXAMPLE_CHARACTERS = 120
EXAMPLES = 5
PORTION_TEXTS = 2000


@dataclass(frozen=True)
class Row:
    """A usable row as the survey sees it; ``key`` is the same for texts that differ only in case and spaces."""

    id: int
    line: int
    text: str
    key: bytes
    evaluation: bool


@dataclass
class Surveyed:
    """What came out: warnings, the lengths for the report, row id -> the first row of its group of near copies, and
    ids and tokens of all rows as an array (2, rows)."""

    problems: list[Problem]
    lengths: dict[str, Any]
    groups: dict[int, int]
    tokens: np.ndarray


@dataclass
class TextSurvey:
    """Collects rows one by one; :meth:`finish` tells. ``known`` are tokens of rows that were counted before."""

    counter: token_lengths.TokenCounter
    max_length: int = DEFAULT_LENGTH
    known: Mapping[int, int] = field(default_factory=dict)
    _problems: dict[tuple[bool, str], Problem] = field(default_factory=dict)
    _twins: near_copies.NearCopies = field(default_factory=near_copies.NearCopies)
    _seen: set[bytes] = field(default_factory=set)
    _places: dict[int, tuple[int, bool, str]] = field(default_factory=dict)
    _languages: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _tokens: tuple[array, array] = field(default_factory=lambda: (array("q"), array("q")))
    _waiting: list[Row] = field(default_factory=list)

    def see(self, row: Row) -> None:
        """Look at one row."""
        words = near_copies.words_of(row.text)
        if patterns.has_hidden_character(row.text):
            self._note("hidden_characters", row, {"text": _short(repr(row.text))})
        if not words or len(row.text.strip()) < SHORT_CHARACTERS:
            self._note("short_text", row, {"text": _short(row.text)})
        if language := language_of(row.text, words):
            self._languages.setdefault(language, []).append((row.id, row.line))
        if row.key not in self._seen:
            self._seen.add(row.key)
            if self._twins.add(row.id, words):
                self._places[row.id] = row.line, row.evaluation, _short(row.text)
        self._waiting.append(row)
        if len(self._waiting) >= PORTION_TEXTS:
            self._measure()

    def finish(self) -> Surveyed:
        """Add what only the whole can tell."""
        self._measure()
        groups = self._find_twins()
        told = [*self._problems.values(), *self._mix(), *self._limits()]
        for each in told:
            each.rows.sort()
            each.row_ids.sort()
        lengths = token_lengths.describe(Counter(self._tokens[1]), self.counter.base_model, self.counter.measured)
        return Surveyed(sorted(told, key=lambda each: -len(each.rows)), lengths, groups, np.array(self._tokens))

    def _measure(self) -> None:
        new = [row for row in self._waiting if row.id not in self.known]
        counted = dict(zip((row.id for row in new), self.counter.count([row.text for row in new]), strict=True))
        for row in self._waiting:
            count = counted[row.id] if row.id in counted else self.known[row.id]
            self._tokens[0].append(row.id)
            self._tokens[1].append(count)
            if count > self.max_length:
                self._note("cut_text", row, {"tokens": count, "text": _short(row.text)})
        self._waiting.clear()

    def _find_twins(self) -> dict[int, int]:
        groups: dict[int, int] = {}
        for later, earlier in self._twins.pairs():
            groups[later] = groups.get(earlier, earlier)
            line, evaluation, text = self._places[later]
            other_line, other_evaluation, other_text = self._places[earlier]
            code = "near_leakage" if evaluation != other_evaluation else "near_duplicates"
            row = Row(later, line, text, b"", evaluation)
            self._note(code, row, {"text": text, "nearly the same as row": other_line, "which says": other_text})
            self._problems[evaluation, code].related[later] = earlier
        return groups

    def _mix(self) -> list[Problem]:
        found = sorted(self._languages.items(), key=lambda each: (-len(each[1]), each[0]))
        known = sum(len(rows) for _, rows in found)
        others = found[1:]
        rows = sorted(each for _, places in others for each in places)
        if len(rows) < max(MIX_ROWS, MIX_SHARE * known):
            return []
        listed = ", ".join(f"{len(places):,} {TITLES[code]}" for code, places in others[:6])
        return [
            Problem(
                "language_mix",
                "warning",
                f"Most texts seem to be {TITLES[found[0][0]]}, but others seem to be: {listed}.",
                "Keep them if the model shall serve these languages too and can read them; else leave them out.",
                rows=[line for _, line in rows],
                row_ids=[row_id for row_id, _ in rows],
            )
        ]

    def _limits(self) -> list[Problem]:
        """What was not done, because it would take too much memory."""
        if not self._twins.left_out:
            return []
        message = (
            f"Near copies were looked for among the first {near_copies.MOST_TEXTS:,} different texts; "
            f"{self._twins.left_out:,} further ones were not compared."
        )
        return [Problem("near_copies_limit", "warning", message, "Exact copies are found among all of them.")]

    def _note(self, code: str, row: Row, example: Mapping[str, Any]) -> None:
        problem = self._problems.get((row.evaluation, code))
        if problem is None:
            message, hint = _WORDS[code]
            message = message.format(limit=self.max_length, model=self.counter.base_model, about=self._about)
            message = f"In the evaluation file: {message[0].lower()}{message[1:]}" if row.evaluation else message
            problem = self._problems[row.evaluation, code] = Problem(code, "warning", message, hint)
        problem.rows.append(row.line)
        problem.row_ids.append(row.id)
        if len(problem.examples) < EXAMPLES:
            problem.examples.append({"row": row.line, **example})

    @property
    def _about(self) -> str:
        return "" if self.counter.measured else " (estimated from their characters)"


def _short(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"


_WORDS = {
    "near_duplicates": (
        "These texts are nearly the same as an earlier one.",
        "They are kept together in one split, so the test stays fair; leave out those that teach nothing new.",
    ),
    "near_leakage": (
        "These texts are nearly the same as one in the training file, so the score will look better than it is.",
        "Leave them out of one of the two files.",
    ),
    "hidden_characters": (
        "The text holds characters that cannot be seen, such as zero-width spaces or marks of direction.",
        "They are kept as they are; remove them if they came along by copying.",
    ),
    "short_text": (
        "The text is only a character, or has no letter and no digit.",
        "Check whether something was lost; the model can hardly learn from it.",
    ),
    "cut_text": (
        "Texts longer than {limit} tokens of {model}{about}: what comes after that is not read, unless you allow more.",
        "Put what matters first, shorten them, or raise the longest text in the settings.",
    ),
}
