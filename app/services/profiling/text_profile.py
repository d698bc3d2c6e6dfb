"""Profile of the texts of a dataset in one pass: near-duplicates, hidden characters, languages, lengths in tokens.

Its warnings join those of the task's own checks.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.catalog.task_types import text_patterns as patterns
from app.catalog.task_types.base import Problem, of_evaluation_file
from app.catalog.task_types.first_seen import FirstSeen
from app.catalog.text_length import LENGTHS
from app.languages import stated, stated_list
from app.services.profiling import near_duplicates, token_lengths
from app.services.profiling.text_languages import LANGUAGE_NAMES, language_of

SHORT_CHARACTERS = 2
# Share of the texts with a known language: a few quotations in another one are no mix.
MIX_SHARE, MIX_ROWS = 0.01, 3
# Part numbers and made-up words are no language; where fewer texts than this share have a certain one, nothing is said of a mix.
MIN_KNOWN_SHARE = 0.5
EXAMPLE_CHARACTERS = 120
EXAMPLES = 5
PORTION_TEXTS, PORTION_CHARACTERS = 2000, 1_000_000
# Counting tokens is a third of the whole work: all of so many rows are counted, and every tenth of the others.
MAX_COUNTED_ROWS, SAMPLE_EVERY = 200_000, 10


@dataclass(frozen=True)
class ProfiledRow:
    """A usable row; ``key`` is the same for texts that differ only in case and spaces."""

    id: int
    line: int
    text: str
    key: bytes
    evaluation: bool


@dataclass(frozen=True)
class TextSummary:
    """The profile of all texts.

    Attributes:
        problems: warnings, those with the most rows first.
        lengths: distribution of the lengths.
        groups: row id -> the first row of its group of near-duplicates.
        tokens: ids and tokens of the counted rows, int64 of shape (2, rows).
    """

    problems: list[Problem]
    lengths: token_lengths.TokenLengths
    groups: dict[int, int]
    tokens: np.ndarray


@dataclass
class TextProfile:
    """Collects rows one by one; :meth:`finish` returns the profile.

    ``limit`` gives the maximum length (tokens) of the texts with these lengths; ``known`` are the tokens of rows that were
    counted before, by row id.
    """

    counter: token_lengths.TokenCounter
    limit: Callable[[token_lengths.TokenLengths], int]
    known: Mapping[int, int] = field(default_factory=dict)
    _problems: dict[tuple[bool, str], Problem] = field(default_factory=dict)
    _near: near_duplicates.NearDuplicates = field(default_factory=near_duplicates.NearDuplicates)
    _seen: FirstSeen = field(default_factory=FirstSeen)
    # Id, line and file of the rows that are compared; ids and lines by language; ids and tokens.
    _compared: tuple["array[int]", "array[int]", bytearray] = field(default_factory=lambda: (*_pair(), bytearray()))
    _languages: dict[str, tuple["array[int]", "array[int]"]] = field(default_factory=dict)
    _tokens: tuple["array[int]", "array[int]"] = field(default_factory=lambda: _pair())
    # Ids, lines, tokens and file of the rows that may be cut, longer than the shortest limit; the limit is known at the end.
    _long: tuple["array[int]", "array[int]", "array[int]", bytearray] = field(
        default_factory=lambda: (*_pair(), array("q"), bytearray())
    )
    # The first texts above each limit and of each file, by row id, and how many there are.
    _shown: dict[int, str] = field(default_factory=dict)
    _shown_counts: Counter[tuple[int, bool]] = field(default_factory=Counter)
    _max_length: int = 0
    _waiting: list[tuple[ProfiledRow, list[str]]] = field(default_factory=list)
    _characters: int = 0
    _rows: int = 0
    _measured_characters: int = 0
    _counted_tokens: int = 0

    def add(self, row: ProfiledRow) -> None:
        """Take one row."""
        words = near_duplicates.words_of(row.text)
        if patterns.has_hidden_character(row.text):
            self._note("hidden_characters", row, {"text": _short(repr(row.text))})
        if not words or len(row.text.strip()) < SHORT_CHARACTERS:
            self._note("short_text", row, {"text": _short(row.text)})
        if language := language_of(row.text):
            ids, lines = self._languages.setdefault(language, _pair())
            ids.append(row.id)
            lines.append(row.line)
        self._waiting.append((row, words))
        self._characters += len(row.text)
        if len(self._waiting) >= PORTION_TEXTS or self._characters >= PORTION_CHARACTERS:
            self._measure()

    def finish(self, texts: Callable[[Set[int]], Mapping[int, str]]) -> TextSummary:
        """Profile all rows together.

        Args:
            texts: returns the texts of a few rows, by their ids.
        """
        self._measure()
        groups = self._find_near_duplicates(texts)
        lengths = token_lengths.TokenLengths.from_counts(
            Counter(self._tokens[1]), self.counter.base_model, self.counter.measured
        )
        if self._rows > len(self._tokens[0]):
            lengths = replace(lengths, of_rows=self._rows)
        self._note_cut(self.limit(lengths))
        problems = [*self._problems.values(), *self._language_mix(), *self._limits()]
        for problem in problems:
            problem.rows.sort()
            problem.row_ids.sort()
        problems.sort(key=lambda problem: -len(problem.rows))
        return TextSummary(problems, lengths, groups, np.array(self._tokens))

    def _measure(self) -> None:
        """Process the waiting rows: compare the texts that are new, and count tokens."""
        rows = [row for row, _ in self._waiting]
        own = range(self._seen.count, self._seen.count + len(rows))
        first_positions = self._seen.places([row.key for row in rows])
        ids, lines, evaluation = self._compared
        for (row, words), position, first in zip(self._waiting, own, first_positions, strict=True):
            if position == first and self._near.add(row.id, words):
                ids.append(row.id)
                lines.append(row.line)
                evaluation.append(row.evaluation)
        self._count(rows)
        self._waiting.clear()
        self._characters = 0

    def _count(self, rows: list[ProfiledRow]) -> None:
        """Count tokens: of all texts up to a number of rows, then of every tenth; the others are estimated by characters."""
        dense = max(0, MAX_COUNTED_ROWS - self._rows)
        sampled = [row for n, row in enumerate(rows) if n < dense or (self._rows + n) % SAMPLE_EVERY == 0]
        new = [row for row in sampled if row.id not in self.known]
        counted = dict(zip((row.id for row in new), self.counter.count([row.text for row in new]), strict=True))
        sampled_ids = {row.id for row in sampled}
        self._rows += len(rows)
        for row in rows:
            if row.id in sampled_ids:
                count = counted[row.id] if row.id in counted else self.known[row.id]
                self._tokens[0].append(row.id)
                self._tokens[1].append(count)
                self._measured_characters += len(row.text)
                self._counted_tokens += count
            else:
                count = round(len(row.text) * self._counted_tokens / max(1, self._measured_characters))
            if count > LENGTHS[0]:
                self._remember_long(row, count)

    def _remember_long(self, row: ProfiledRow, count: int) -> None:
        for column, value in zip(self._long, (row.id, row.line, count, row.evaluation), strict=True):
            column.append(value)
        reached = [(length, row.evaluation) for length in LENGTHS if count > length]
        if any(self._shown_counts[place] < EXAMPLES for place in reached):
            self._shown_counts.update(reached)
            self._shown[row.id] = _short(row.text)

    def _note_cut(self, limit: int) -> None:
        """Note the rows that lose their end at this limit."""
        self._max_length = limit
        for row_id, line, count, evaluation in zip(*self._long, strict=True):
            if count > limit:
                shown = self._shown.get(row_id)
                row = ProfiledRow(row_id, line, "", b"", bool(evaluation))
                self._note("cut_text", row, {"tokens": count, "text": shown} if shown else None)

    def _find_near_duplicates(self, texts: Callable[[Set[int]], Mapping[int, str]]) -> dict[int, int]:
        groups: dict[int, int] = {}
        ids, lines, evaluation = (np.array(column) for column in self._compared)
        pairs = self._near.pairs()
        for later, earlier in pairs:
            groups[later] = groups.get(earlier, earlier)
        shown = texts({row_id for pair in pairs[: 4 * EXAMPLES] for row_id in pair}) if pairs else {}
        for later, earlier in pairs:
            index, other = np.searchsorted(ids, (later, earlier)).tolist()
            code = "near_leakage" if evaluation[index] != evaluation[other] else "near_duplicates"
            row = ProfiledRow(later, int(lines[index]), "", b"", bool(evaluation[index]))
            text, other_text = (_short(shown.get(row_id, "")) for row_id in (later, earlier))
            example = {"text": text, "nearly the same as row": int(lines[other]), "which says": other_text}
            self._note(code, row, example if text else None)
            self._problems[row.evaluation, code].related[later] = earlier
        return groups

    def _language_mix(self) -> list[Problem]:
        found = sorted(self._languages.items(), key=lambda item: (-len(item[1][0]), item[0]))
        known = sum(len(ids) for _, (ids, _) in found)
        others = found[1:]
        rows = sorted(row for _, (ids, lines) in others for row in zip(ids, lines, strict=True))
        if len(rows) < max(MIX_ROWS, MIX_SHARE * known) or known < MIN_KNOWN_SHARE * self._rows:
            return []
        listed = stated_list(
            [
                stated("{count} {language}", count=len(ids), language=LANGUAGE_NAMES[code])
                for code, (ids, _) in others[:6]
            ]
        )
        return [
            Problem(
                "language_mix",
                "warning",
                stated(
                    "Most texts seem to be {language}, but others seem to be: {others}.",
                    language=LANGUAGE_NAMES[found[0][0]],
                    others=listed,
                ),
                stated(
                    "Keep them if the model shall serve these languages too and can read them; else leave them out."
                ),
                rows=[line for _, line in rows],
                row_ids=[row_id for row_id, _ in rows],
            )
        ]

    def _limits(self) -> list[Problem]:
        """A warning where not all texts were compared, to bound memory."""
        if not self._near.skipped:
            return []
        message = stated(
            "Near copies were looked for among the first {compared} different texts; {others} further ones were not compared.",
            compared=near_duplicates.MAX_TEXTS,
            others=self._near.skipped,
        )
        hint = stated("Exact copies are found among all of them.")
        return [Problem("near_copies_limit", "warning", message, hint)]

    def _note(self, code: str, row: ProfiledRow, example: Mapping[str, Any] | None) -> None:
        problem = self._problems.get((row.evaluation, code))
        if problem is None:
            message, hint = _MESSAGES[code]
            values = {"limit": str(self._max_length), "model": self.counter.base_model, "about": self._about}
            words: str = stated(message, **values)
            words = of_evaluation_file(words) if row.evaluation else words
            problem = self._problems[row.evaluation, code] = Problem(code, "warning", words, stated(hint))
        problem.rows.append(row.line)
        problem.row_ids.append(row.id)
        if example and len(problem.examples) < EXAMPLES:
            problem.examples.append({"row": row.line, **example})

    @property
    def _about(self) -> str:
        return "" if self.counter.measured else stated(" (estimated from their characters)")


def _pair() -> tuple["array[int]", "array[int]"]:
    return array("q"), array("q")


def _short(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"


_MESSAGES = {
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
