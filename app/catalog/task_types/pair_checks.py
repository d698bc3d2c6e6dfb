"""Checks of two texts with one label: those of labelled texts, and what only pairs can have.

Equal or turned texts, texts that recur, and a label that one of the texts gives away.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import one_text
from app.catalog.task_types.base import Problem
from app.catalog.task_types.first_seen import FirstSeen
from app.catalog.task_types.one_text import OneTextAccuracy
from app.catalog.task_types.text_classification_checks import EXAMPLE_CHARACTERS, TextSurvey, read_label
from app.catalog.task_types.text_pairs import FIRST, SECOND, TEXTS_JOINT, in_any_order
from app.catalog.task_types.text_patterns import text_key
from app.languages import decimal, stated

# Fewer rows that share a text with another one are no matter.
RECURRING_SHARE = 0.1

_WORDS = {
    "empty_text": (
        "error",
        "One of the texts in {text} is missing or empty.",
        "Fill it in; these rows are left out.",
    ),
    "duplicate_rows": (
        "warning",
        "The same two texts with the same label occur more than once.",
        "Copies are kept together in one split, so the test stays fair; remove them if they are not meant.",
    ),
    "conflicting_labels": (
        "warning",
        "The same two texts have different labels.",
        "Decide on one label for each pair; contradictions limit how good the model can become.",
    ),
    "leakage": (
        "warning",
        "These pairs are also in the training file, so the score will look better than it is.",
        "Remove them from one of the two files.",
    ),
    "equal_texts": (
        "warning",
        "Both texts are the same.",
        "There is nothing to compare in these rows; check that the right columns are chosen.",
    ),
    "turned_pairs": (
        "info",
        "The same two texts occur in the other order too.",
        "Both are learned from, and kept together in one split.",
    ),
    "turned_leakage": (
        "warning",
        "These pairs are in the training file in the other order, so the score will look better than it is.",
        "Remove them from one of the two files.",
    ),
    "known_text": (
        "warning",
        "One of the two texts is also in the training file, beside another text.",
        "The score is about new pairs of known texts; texts that nobody has seen may do worse.",
    ),
}


def check(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
    """See :meth:`TaskType.check`."""
    return _PairSurvey(columns).see_all(rows)


class _PairSurvey(TextSurvey):
    """One pass over the rows; keeps digests, and the words of the first thousands."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._names = (columns[FIRST.name], columns[SECOND.name])
        super().__init__(self._names, columns["label"], read_label(columns["label"]), _WORDS)
        self._pairs, self._turned = FirstSeen(), FirstSeen()
        self._sides = FirstSeen(), FirstSeen()
        # Of each usable row: line, whether it is of the evaluation file, and of each side the first row with the same text.
        self._lines, self._evaluation = array("q"), bytearray()
        self._first_places = array("q"), array("q")
        self._repeated: tuple[set[int], set[int]] = (set(), set())
        self._side_words: tuple[list[frozenset[str]], list[frozenset[str]]] = ([], [])
        self._given: list[str] = []

    def keep(self, labels: Sequence[str], written: Sequence[str], row: Mapping[str, Any]) -> None:
        """See :class:`TextSurvey`: also what the two texts have to do with each other and with other rows."""
        super().keep(labels, written, row)
        texts = tuple(str(row[name]) for name in self._names)
        evaluation, place = bool(row.get("_evaluation")), len(self._lines)
        self._lines.append(row["_line"])
        self._evaluation.append(evaluation)
        one, other = map(text_key, texts)
        if one == other:
            self.note("equal_texts", row, evaluation, {"text": _short(texts[0])})
        [ordered] = self._pairs.places([text_key("\0".join(texts))])
        [turned] = self._turned.places([text_key(in_any_order(row, self._columns))])
        if ordered == place and turned != place:
            leaks = evaluation and not self._evaluation[turned]
            example = {"text": _short(TEXTS_JOINT.join(texts)), "same as row": self._lines[turned]}
            self.note("turned_leakage" if leaks else "turned_pairs", row, evaluation, example)
        self._look_for_known(row, (one, other), new=turned == place)
        if not evaluation and len(self._given) < one_text.MAX_ROWS:
            self._given.append(labels[0])
            for words, text in zip(self._side_words, texts, strict=True):
                words.append(one_text.words_of(text))

    def _look_for_known(self, row: Mapping[str, Any], keys: tuple[bytes, bytes], *, new: bool) -> None:
        """Remember which texts recur, and note a new pair of the evaluation file one of whose texts is a training text."""
        place, evaluation, known = len(self._lines) - 1, bool(row.get("_evaluation")), False
        for side, key in enumerate(keys):
            [first] = self._sides[side].places([key])
            self._first_places[side].append(first)
            if first != place and not evaluation:
                self._repeated[side].add(first)
            known = known or (first != place and evaluation and not self._evaluation[first])
        if known and new:
            self.note("known_text", row, True, None)

    def remarks_on_texts(self) -> list[Problem]:
        """See :class:`TextSurvey`: also which texts recur, and which give the label away."""
        found = (problem for side in (0, 1) for problem in (self._recurring(side), self._telling(side)) if problem)
        return [*super().remarks_on_texts(), *found]

    def _recurring(self, side: int) -> Problem | None:
        """That many rows share one of their texts, so that a split has it on both sides."""
        places = self._first_places[side]
        rows = [place for place, evaluation in enumerate(self._evaluation) if not evaluation]
        shared = [place for place in rows if places[place] in self._repeated[side]]
        if len(shared) < max(2, RECURRING_SHARE * len(rows)):
            return None
        message = stated(
            "{shared} of {rows} rows share their text in {column} with another row; {texts} different ones are there.",
            shared=decimal(len(shared)),
            rows=decimal(len(rows)),
            column=repr(self._names[side]),
            texts=decimal(len({places[place] for place in rows})),
        )
        hint = stated(
            "The same pair never is in training and test, but one of its texts may be. To learn how well texts do that nobody has "
            "seen, split the rows by {column}.",
            column=repr(self._names[side]),
        )
        return Problem("recurring_text", "info", message, hint)

    def _telling(self, side: int) -> Problem | None:
        """That the label can be predicted from one text without the other."""
        found: OneTextAccuracy = one_text.predict_from_one(self._side_words[side], self._given)
        if not found.tells:
            return None
        message = stated(
            "The label can be predicted from {column} alone: its words are right about {right} % of the rows, the most frequent label "
            "about {commonest} %.",
            column=repr(self._names[side]),
            right=decimal(100 * found.right),
            commonest=decimal(100 * found.commonest),
        )
        hint = stated(
            "A model can answer such rows without comparing the texts. Write pairs in which the same wording occurs with every label."
        )
        return Problem("one_text_tells", "warning", message, hint)


def _short(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"
