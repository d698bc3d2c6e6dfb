"""Token classification: label words in a text, such as names of people and places. Words, roles, how a row is read.

The checks are beside this file; how sentences are written is known to ``tagged_text``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.catalog.task_types import tagged_text as forms
from app.catalog.task_types.base import Problem, Role, TaskType
from app.catalog.task_types.candidates import TAGGED, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.scores import Score
from app.catalog.task_types.tagged_text import Sentence
from app.catalog.task_types.tagged_text_checks import Survey, guess_columns
from app.languages import stated

Row = Mapping[str, Any]


class TokenClassification(TaskType):
    """Mark the words of a text that the data names, each with its type."""

    kind = "token-classification"
    title = "Label words in a text"
    summary = "Find names, places, amounts or whatever you have marked: every entity with its beginning, end and type."
    example = "“Anna Kovac flew to Lisbon” → Anna Kovac: PERSON, Lisbon: PLACE"
    family = "tokens"
    roles = (
        Role("tokens", "Words", "The column with each text as a list of words.", required=False),
        Role("tags", "Tags", "One tag for each word, such as B-PER, I-PER and O.", required=False),
        Role(
            "text",
            "Text",
            "The column with running text, if your data has no list of words. Tags may stand in it: Anna/B-PER.",
            required=False,
        ),
        Role("spans", "Marked spans", "What is marked in the text: a list of [start, end, label].", required=False),
    )
    # One of these sets of roles must be there; the first that is complete is read.
    role_sets = (("tokens", "tags"), ("text", "spans"), ("text",))
    answer_roles = ("tags", "spans")
    nested_roles = ("tokens", "tags", "spans")
    scores = (
        Score("f1", "Entity F1", counted=True, rows="sentences"),
        Score("precision", "Precision", rows="sentences"),
        Score("recall", "Recall", rows="sentences"),
        Score("token_accuracy", "Word accuracy", rows="sentences", drawn=False),
    )
    answer_form = "entities"
    needed = 0.80
    training_defaults: Mapping[str, Any] = {"batch_size": 16, "epochs": 5}

    def outputs(self, labels: int) -> int:
        """See :meth:`TaskType.outputs`: nothing, and the beginning and inside of each type."""
        return 2 * labels + 1

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Row]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        return guess_columns(columns, sample)

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """Words with tags or texts with spans are recognised by their content, which nothing else looks like."""
        guess = self.guess_columns(table.names, table.sample)
        why = stated("words of the texts are marked") if guess else ""
        return [GoalCandidate(self.kind, guess, TAGGED, why)] if guess else []

    def as_read(self, row: Row, columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`: the text, and what is marked in it."""
        try:
            sentence = self.sentence(row, columns)
        except UnusableRow:
            return super().as_read(row, columns)
        marked = [f"{sentence.text[start:end]}: {label}" for start, end, label in sentence.spans]
        return [("Text", sentence.text), ("Marked", "; ".join(marked))]

    def sentence(self, row: Row, columns: Mapping[str, str]) -> Sentence:
        """The words of a row and the entities among them.

        Raises:
            UnusableRow: it cannot be trained on; the code is one of the report's.
        """
        return _read(tuple((role, row.get(name)) for role, name in columns.items()))

    def check(self, rows: Iterable[Row], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        survey = Survey(columns)
        for row in rows:
            try:
                survey.see(row, self.sentence(row, columns))
            except UnusableRow as flaw:
                survey.leave_out(row, flaw)
        return survey.finish()

    def readable(self, row: Row, columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.readable`."""
        try:
            return self.sentence(row, columns).text
        except UnusableRow:
            return ""

    def identity(self, row: Row, columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.identity`; tags may stand among the words."""
        return self.readable(row, columns)

    def answers(self, row: Row, columns: Mapping[str, str]) -> tuple[str, ...]:
        """See :meth:`TaskType.answers`: the type of every entity."""
        try:
            return tuple(entity.label for entity in self.sentence(row, columns).entities)
        except UnusableRow:
            return ()

    def labels(self, rows: Iterable[Row], columns: Mapping[str, str]) -> dict[str, int]:
        """Type -> entities in all rows."""
        counts: dict[str, int] = {}
        for label in (label for row in rows for label in self.answers(row, columns)):
            counts[label] = counts.get(label, 0) + 1
        return dict(sorted(counts.items()))

    def marked(self, row: Row, columns: Mapping[str, str]) -> dict[str, Any] | None:
        """See :meth:`TaskType.marked`."""
        try:
            sentence = self.sentence(row, columns)
        except UnusableRow:
            return None
        role = next(roles for roles in self.role_sets if set(roles) <= columns.keys())[0]
        return {"column": columns[role], "text": sentence.text, "spans": sentence.spans}

    def rewritten(self, row: Row, columns: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
        """See :meth:`TaskType.rewritten`: the same entities, tagged in BIO, or as spans of whole words."""
        try:
            sentence = self.sentence(row, columns)
        except UnusableRow:
            return {}
        renamed = tuple(entity._replace(label=names.get(entity.label, entity.label)) for entity in sentence.entities)
        sentence = replace(sentence, entities=renamed)
        if "tokens" in columns and "tags" in columns:
            return {columns["tags"]: json.dumps(sentence.tags, ensure_ascii=False)}
        if "spans" in columns:
            return {columns["spans"]: json.dumps(sentence.spans, ensure_ascii=False)}
        pairs = zip(sentence.words, sentence.tags, strict=True)
        return {columns["text"]: " ".join(f"{word}/{tag}" for word, tag in pairs)}


# One row is asked for several things in a row.
@lru_cache(maxsize=8)
def _read(given: tuple[tuple[str, Any], ...]) -> Sentence:
    cells = dict(given)
    if "tokens" in cells and "tags" in cells:
        words, tags = forms.read_list(cells["tokens"]), forms.read_list(cells["tags"])
        if not words:
            raise UnusableRow("empty_text" if words is not None or cells["tokens"] is None else "not_a_list")
        if tags is None:
            raise UnusableRow("no_tags" if cells["tags"] is None else "not_a_list", found=cells["tags"])
        return forms.from_tags(words, tags)
    text = cells.get("text")
    if not isinstance(text, str):
        raise UnusableRow("empty_text")
    if "spans" in cells:
        return forms.from_spans(text, forms.read_spans(cells["spans"]))
    return forms.from_inline(text)
