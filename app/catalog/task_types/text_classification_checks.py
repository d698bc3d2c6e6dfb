"""Checks of labelled texts: which rows cannot be used, and what to look at before training.

Two kinds of ``error``: one that names rows leaves those rows out; one without rows refuses the file as a whole.
Rows may carry ``_evaluation`` (true for rows of the person's own evaluation file) beside ``_id`` and ``_line``.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import text_patterns as patterns
from app.catalog.task_types.base import Problem, few, of_evaluation_file, too_few
from app.catalog.task_types.first_seen import FirstSeen
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.label_forms import label_key
from app.catalog.task_types.text_pairs import TEXTS_JOINT
from app.languages import gettext_noop, stated, stated_number

MIN_ROWS = 10
FEW_ROWS = 50
LONG_CHARACTERS = 2000
MANY_LABELS = 100
# A label column in which most values occur once is a number or a free text, not a set of categories.
DISTINCT_SHARE = 0.5
DISTINCT_FROM_ROWS = 20
NUMBER_SHARE = 0.9
IMBALANCE = 10
EXAMPLE_CHARACTERS = 120
PORTION_ROWS = 2000

# The labels of a row as they are written; raises UnusableRow where they cannot be used.
ReadLabels = Callable[[Mapping[str, Any]], tuple[str, ...]]
# Code -> severity, message and hint.
ProblemWords = Mapping[str, tuple[str, str, str]]


def check(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
    """Every defect of the rows, the main file's first, then those of the evaluation file; see :class:`Problem`."""
    return survey(rows, columns["text"], columns["label"], read_label(columns["label"]))


def read_label(column: str) -> ReadLabels:
    """Reads the one label of a row from a column."""

    def read(row: Mapping[str, Any]) -> tuple[str, ...]:
        if not clean_label(row.get(column)):
            raise UnusableRow("empty_label")
        return (str(row[column]),)

    return read


def survey(rows: Iterable[Mapping[str, Any]], text: str, label: str, read: ReadLabels) -> list[Problem]:
    """The same for any way to read the labels of a row, from the column or columns that ``label`` names."""
    return TextSurvey(text, label, read).see_all(rows)


def labels(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, int]:
    """Label -> count, sorted by label; surrounding spaces do not make another label."""
    counts = Counter(label for row in rows if (label := clean_label(row.get(columns["label"]))))
    return dict(sorted(counts.items()))


def clean_label(value: Any) -> str:
    """The label as it is trained on: without surrounding spaces; empty if there is nothing to see."""
    return "" if value is None or not patterns.visible(str(value)) else str(value).strip()


class TextSurvey:
    """One pass over the rows; keeps digests and numbers, never the texts.

    ``text`` names the column of the text, or those of several that are read together. Subclasses may take answers of another form: what they :meth:`keep`, refuse and remark.
    """

    # What to do about too few rows.
    more_rows = gettext_noop("Add examples, ideally 20 or more for each label.")

    def __init__(
        self, text: str | Sequence[str], label: str, read: ReadLabels, words: ProblemWords | None = None
    ) -> None:
        self._texts = (text,) if isinstance(text, str) else tuple(text)
        self._text, self._label, self._read = self._texts[0], label, read
        self._named = " / ".join(map(repr, self._texts))
        self._words = {**_WORDS, **(words or {})}
        self._problems: dict[tuple[bool, str], Problem] = {}
        self._usable = self._numbers = 0
        self._main_labels: dict[str, array[int]] = {}
        self._answers: set[str] = set()
        self._raw_labels: dict[str, set[str]] = {}
        self._first = FirstSeen()
        # Of each row that was looked at: id, line, number of its label, whether it is of the evaluation file.
        self._looked = array("q"), array("q"), array("i"), bytearray()
        self._label_numbers: dict[str, int] = {}
        self._conflicts: set[int] = set()
        self._waiting: list[tuple[bytes, str, Mapping[str, Any]]] = []
        self._unknown: list[tuple[str, int, int]] = []

    def see_all(self, rows: Iterable[Mapping[str, Any]]) -> list[Problem]:
        """Look at every row; all that was found."""
        for row in rows:
            self.see(row)
        return self.finish()

    def see(self, row: Mapping[str, Any]) -> None:
        """Look at one row."""
        texts, evaluation = [row.get(column) for column in self._texts], bool(row.get("_evaluation"))
        text = TEXTS_JOINT.join(str(part or "") for part in texts)
        usable = True
        written: tuple[str, ...] = ()
        try:
            written = self._read(row)
        except UnusableRow as flaw:
            usable = self.note(flaw.code, row, evaluation, {"text": _short(text), **flaw.detail})
        labels = [label.strip() for label in written]
        answer = "; ".join(labels)
        if not all(isinstance(part, str) and patterns.visible(part) for part in texts):
            usable = self.note("empty_text", row, evaluation, {"label": answer})
        if not usable:
            return
        if not evaluation:
            self._usable += 1
            self._numbers += any(map(patterns.is_number, map(str, texts)))
        self.keep(labels, written, row)
        self._look_at_text(text, row, evaluation)
        values = row["_id"], row["_line"], self._label_numbers.setdefault(answer, len(self._label_numbers)), evaluation
        for kept, value in zip(self._looked, values, strict=True):
            kept.append(value)
        seen = {"_id": row["_id"], "_line": row["_line"]}
        self._waiting.append((patterns.text_key(text), _short(text), seen))
        if len(self._waiting) >= PORTION_ROWS:
            self._look_for_twins()

    def keep(self, labels: Sequence[str], written: Sequence[str], row: Mapping[str, Any]) -> None:
        """Take the labels of a usable row, without the spaces around them and as they are ``written``."""
        if row.get("_evaluation"):
            self._unknown.extend((label, row["_id"], row["_line"]) for label in labels)
            return
        self._answers.add("; ".join(labels))
        for label, raw in zip(labels, written, strict=True):
            self._main_labels.setdefault(label, array("q")).append(row["_line"])
            self._raw_labels.setdefault(label_key(label), set()).add(raw)

    def _look_at_text(self, text: str, row: Mapping[str, Any], evaluation: bool) -> None:
        if len(text) > LONG_CHARACTERS:
            self.note("long_text", row, evaluation, {"characters": len(text)})
        if patterns.has_control_character(text):
            self.note("control_characters", row, evaluation, {"text": _short(repr(text))})
        if patterns.has_marker(text):
            self.note("special_tokens", row, evaluation, {"text": _short(text)})
        for kind in patterns.personal_data(text):
            self.note(f"personal_data_{kind}", row, evaluation, None)

    def _look_for_twins(self) -> None:
        """Put the rows that wait beside the first ones with the same text."""
        labels = list(self._label_numbers)
        own = range(self._first.count, self._first.count + len(self._waiting))
        positions = self._first.places([key for key, _, _ in self._waiting])
        for (_, text, row), position, first in zip(self._waiting, own, positions, strict=True):
            if first != position:
                self._note_twin(text, row, position, first, labels)
        self._waiting.clear()

    def _note_twin(self, text: str, row: Mapping[str, Any], position: int, first: int, labels: Sequence[str]) -> None:
        ids, lines, numbers, own = self._looked
        evaluation, first_evaluation = bool(own[position]), bool(own[first])
        label, first_label = labels[numbers[position]], labels[numbers[first]]
        if evaluation and not first_evaluation:
            self.note("leakage", row, True, {"text": text, "same as row": lines[first]})
        elif label == first_label:
            self.note("duplicate_rows", row, evaluation, {"text": text, "same as row": lines[first]})
        if label != first_label and evaluation == first_evaluation:
            if first not in self._conflicts:
                self._conflicts.add(first)
                one = {"_id": ids[first], "_line": lines[first]}
                self.note("conflicting_labels", one, evaluation, {"text": text, "label": first_label})
            self.note("conflicting_labels", row, evaluation, {"text": text, "label": label})

    def finish(self) -> list[Problem]:
        """Add what only the whole can tell, and put every problem into words."""
        self._look_for_twins()
        self.look_at_whole()
        refusals = self.refusals() if self._usable >= MIN_ROWS else [self._too_few()]
        found = sorted(self._problems.values(), key=lambda problem: (problem.severity != "error", -len(problem.rows)))
        for problem in found:
            problem.rows.sort()
            problem.row_ids.sort()
        return [*refusals, *found, *self.remarks()]

    def _too_few(self) -> Problem:
        return _error("too_few_rows", too_few(self._usable, MIN_ROWS), stated(self.more_rows))

    def look_at_whole(self) -> None:
        """Note rows that only the others make unusable: labels of the evaluation file that no training row has."""
        unknown = {row_id: (label, line) for label, row_id, line in self._unknown if label not in self._main_labels}
        for row_id, (label, line) in unknown.items():
            self.note("unknown_label", {"_id": row_id, "_line": line}, True, {"label": label})

    @property
    def _counts(self) -> dict[str, int]:
        return {label: len(lines) for label, lines in self._main_labels.items()}

    def refusals(self) -> list[Problem]:
        """What refuses the file as a whole, where there are rows enough."""
        counts = self._counts
        if len(self._answers) < 2:
            return [
                _error(
                    "one_class",
                    stated(
                        "Every row has the same label, {label}; there is nothing to tell apart.",
                        label=_quoted(list(counts)),
                    ),
                    stated(
                        "Add rows with another label, or choose another label column than {column}.",
                        column=repr(self._label),
                    ),
                )
            ]
        if self._usable >= DISTINCT_FROM_ROWS and len(counts) > DISTINCT_SHARE * self._usable:
            return [
                _error(
                    "too_many_labels",
                    stated(
                        "{labels} different labels in {rows} rows: {column} looks like a number or a free text, not like a "
                        "category.",
                        labels=len(counts),
                        rows=self._usable,
                        column=repr(self._label),
                    ),
                    stated("Choose the column that holds the category."),
                )
            ]
        return []

    def remarks(self) -> list[Problem]:
        """What to know of the answers of all rows together."""
        counts = self._counts
        problems = [self._small_labels(counts), self._spellings(), *self.remarks_on_texts(), *self._proportions(counts)]
        return [problem for problem in problems if problem is not None]

    def remarks_on_texts(self) -> list[Problem]:
        """What to know of the texts of all rows together."""
        if self._usable < MIN_ROWS:
            return []
        problems = []
        if self._numbers > NUMBER_SHARE * self._usable:
            message = stated(
                "{numbers} of {rows} texts in {column} are plain numbers.",
                numbers=self._numbers,
                rows=self._usable,
                column=self._named,
            )
            hint = stated("Is this the column with the text?")
            problems.append(Problem("numbers_as_text", "warning", message, hint))
        if self._usable < FEW_ROWS:
            problems.append(few(self._usable, FEW_ROWS))
        return problems

    def _small_labels(self, counts: dict[str, int]) -> Problem | None:
        small = sorted(label for label, count in counts.items() if count < 2)
        if not small:
            return None
        lines = sorted(line for label in small for line in self._main_labels[label])
        message = stated_number(
            "{number} label has only one row: {labels}.",
            "{number} labels have only one row: {labels}.",
            len(small),
            labels=_quoted(small),
        )
        hint = stated("The row is learned from but cannot be tested; add examples or merge the label with another.")
        return Problem("class_small", "warning", message, hint, rows=lines)

    def _spellings(self) -> Problem | None:
        groups = sorted((raw for raw in self._raw_labels.values() if len(raw) > 1), key=sorted)
        if not groups:
            return None
        lines = sorted(line for raw in groups for label in self._rarer_forms(raw) for line in self._main_labels[label])
        message = stated(
            "Labels that differ only in case, spaces, hyphens or Unicode form: {labels}.",
            labels="; ".join(_quoted(sorted(raw)) for raw in groups[:5]),
        )
        hint = stated("Spaces around a label are ignored; write each label in one way if the same is meant.")
        return Problem("label_spelling", "warning", message, hint, rows=lines)

    def _rarer_forms(self, raw: set[str]) -> list[str]:
        """The forms of one label without the commonest, or that one if it differs from the others only in spaces."""
        forms = sorted({text.strip() for text in raw}, key=lambda label: (-len(self._main_labels[label]), label))
        return forms[1:] or forms

    def _proportions(self, counts: dict[str, int]) -> list[Problem | None]:
        if len(counts) < 2 or self._usable < MIN_ROWS:
            return []
        largest, smallest = max(counts, key=lambda text: counts[text]), min(counts, key=lambda label: counts[label])
        problems: list[Problem | None] = []
        if counts[largest] >= IMBALANCE * counts[smallest]:
            message = stated(
                "{common} has {most} rows, {rare} has {fewest}; rare labels are learned less well.",
                common=_quoted([largest]),
                most=counts[largest],
                rare=_quoted([smallest]),
                fewest=counts[smallest],
            )
            hint = stated("Look at macro-F1 rather than accuracy.")
            problems.append(Problem("class_imbalance", "warning", message, hint))
        if len(counts) > MANY_LABELS and self._usable < 5 * len(counts):
            average = f"{self._usable / len(counts):.1f}"
            message = stated("{labels} labels with {rows} rows each on average.", labels=len(counts), rows=average)
            problems.append(Problem("many_labels", "warning", message, stated("Merge rare labels or add examples.")))
        return problems

    def note(self, code: str, row: Mapping[str, Any], evaluation: bool, example: dict[str, Any] | None) -> bool:
        """Add a row to a problem; always False, for the caller's ``usable``."""
        problem = self._problems.get((evaluation, code))
        if problem is None:
            severity, message, hint = self._words[code]
            values = {"text": self._named, "label": repr(self._label), "characters": LONG_CHARACTERS}
            words: str = stated(message, **values)
            kind = code if not code.startswith("personal_data") else "personal_data"
            words = of_evaluation_file(words) if evaluation else words
            problem = Problem(kind, severity, words, stated(hint))
            self._problems[evaluation, code] = problem
        problem.rows.append(row["_line"])
        problem.row_ids.append(row["_id"])
        if example and len(problem.examples) < 5:
            problem.examples.append({"row": row["_line"], **example})
        return False


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(code, "error", message, hint)


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{_short(name)[:60]}”" for name in names[:8])
    return stated("{listed} and {count} more", listed=shown, count=len(names) - 8) if len(names) > 8 else shown


_WORDS = {
    "empty_text": ("error", "The text in {text} is missing or empty.", "Fill it in; these rows are left out."),
    "empty_label": ("error", "The label in {label} is missing or empty.", "Fill it in; these rows are left out."),
    "not_a_list": (
        "error",
        "The labels in {label} cannot be read: neither a list of names nor a text.",
        'Write a list such as ["billing", "bug"]; these rows are left out.',
    ),
    "not_yes_or_no": (
        "error",
        "A column of a label holds something else than 1 and 0, or yes and no.",
        "Write 1 where the label applies and 0 where it does not; these rows are left out.",
    ),
    "unknown_label": (
        "error",
        "The label occurs in no usable row of the training file, so it cannot be learned.",
        "Add training rows with this label; until then these rows are left out.",
    ),
    "duplicate_rows": (
        "warning",
        "The same text with the same label occurs more than once.",
        "Copies are kept together in one split, so the test stays fair; remove them if they are not meant.",
    ),
    "conflicting_labels": (
        "warning",
        "The same text has different labels.",
        "Decide on one label for each text; contradictions limit how good the model can become.",
    ),
    "leakage": (
        "warning",
        "These texts are also in the training file, so the score will look better than it is.",
        "Remove them from one of the two files.",
    ),
    "long_text": (
        "warning",
        "Texts longer than {characters} characters may be cut at the end; the run says how many were.",
        "Put what matters first, shorten them, or raise the longest text in the settings.",
    ),
    "control_characters": (
        "warning",
        "The text holds invisible control characters.",
        "They are kept as they are; remove them if they are not meant.",
    ),
    "special_tokens": (
        "warning",
        "The text holds markers of a language model, such as [SEP] or <|im_start|>.",
        "They are read as plain text; remove them if they came from another tool.",
    ),
    "personal_data_email": (
        "warning",
        "The text seems to hold e-mail addresses.",
        "Remove them if you may not use them.",
    ),
    "personal_data_phone": ("warning", "The text seems to hold phone numbers.", "Remove them if you may not use them."),
    "personal_data_card": ("warning", "The text seems to hold card numbers.", "Remove them if you may not use them."),
}
