"""One text is read and another is written: translation, summary, data in words, rewriting."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.catalog.task_types import conversations
from app.catalog.task_types import text_to_text_columns as found
from app.catalog.task_types.base import Problem, Role
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.generative import ASSISTANT, USER, Example, GenerativeTask, Turn, UnusableRow
from app.catalog.task_types.scores import Score
from app.catalog.task_types.text_patterns import visible
from app.languages import stated, stated_number

Row = Mapping[str, Any]


class TextToText(GenerativeTask):
    """Learn to write the target of each source.

    Rows with the same source have several references: they stay in one split, and each answer is held against all of them.
    """

    kind = "text-to-text"
    title = "Translate, summarise or rewrite"
    summary = "Learn from pairs of a text and what is made of it: translations, summaries, descriptions of data, corrected texts."
    example = "“Where uh no when was it built?” → “When was it built?”"
    roles = (
        Role("source", "Source text", "The column with the text that the model reads."),
        Role("target", "Target text", "The column with the text that it should write."),
    )
    answer_roles = ("target",)
    sequence_to_sequence = True
    text_roles = ("source",)
    scores = (
        Score("chrf", "chrF", rows="answers"),
        Score("bleu", "BLEU", rows="answers", drawn=False),
        Score("rouge_l", "ROUGE-L", rows="answers", drawn=False),
        Score("exact_match", "Exact match", rows="answers", drawn=False),
    )
    answer_form = "target"
    words = {
        "empty_source": (
            "error",
            "The source in {source} is missing or empty.",
            "Fill it in; these rows are left out.",
        ),
        "empty_target": (
            "error",
            "The target in {target} is missing or empty.",
            "Fill it in; these rows are left out.",
        ),
        "same_text": (
            "warning",
            "Source and target are the same text.",
            "Where nothing is to be changed that is right; if it is most rows, check that the right columns are chosen.",
        ),
    }

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Row]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        candidates = self.candidates(TableFacts(tuple(columns), sample))
        return dict(candidates[0].columns) if candidates else {}

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`."""
        return found.candidates(table)

    def read_example(self, row: Row, columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        source, target = row.get(columns["source"]), row.get(columns["target"])
        if not isinstance(source, str) or not visible(source):
            raise UnusableRow("empty_source", target=target)
        if not isinstance(target, str) or not visible(target):
            raise UnusableRow("empty_target", source=source)
        turns = (Turn(USER, source), Turn(ASSISTANT, target))
        conversations.refuse_markers(turns)
        return Example(turns)

    def with_prefix(self, example: Example, prefix: str) -> Example:
        """See :meth:`GenerativeTask.with_prefix`."""
        first, *rest = example.turns
        return replace(example, turns=(first._replace(content=prefix + first.content), *rest))

    def as_read(self, row: Row, columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`."""
        return [(role.title, str(row.get(columns.get(role.name, "")) or "")) for role in self.roles]

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """See :meth:`GenerativeTask.remarks`."""
        source, target = (turn.content for turn in example.turns)
        return [("same_text", {"text": target})] if source.split() == target.split() else []

    def check(self, rows: Iterable[Row], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`; also sources with several targets, and columns that seem to be swapped."""
        references = _References(columns)
        problems = super().check(references.watch(rows), columns)
        swapped = found.swapped(columns)
        return [*problems, *references.problems(), *([_swapped_problem(columns)] if swapped else [])]


class _References:
    """Rows that share a source, in one pass over all of them."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._source, self._target = columns["source"], columns["target"]
        self._first: dict[int, tuple[int, int]] = {}
        self._targets: dict[int, set[int]] = defaultdict(set)
        self._others: list[tuple[int, int, int]] = []

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows."""
        for row in rows:
            source, target = row.get(self._source), row.get(self._target)
            if source and target:
                # Hashes, so that millions of long texts are not held.
                key, digest = hash(str(source)), hash(str(target))
                if digest not in self._targets[key] and self._targets[key]:
                    self._others.append((row["_line"], row["_id"], self._first[key][1]))
                self._first.setdefault(key, (row["_line"], row["_id"]))
                self._targets[key].add(digest)
            yield row

    def problems(self) -> list[Problem]:
        """What to say about sources with more than one target."""
        sources = sum(len(targets) > 1 for targets in self._targets.values())
        if not sources:
            return []
        words = stated_number("{number} source has several targets.", "{number} sources have several targets.", sources)
        hint = stated("They stay in one split; an answer is held against all targets of its source.")
        problem = Problem("several_targets", "info", words, hint)
        problem.rows = [line for line, _, _ in self._others]
        problem.row_ids = [row_id for _, row_id, _ in self._others]
        problem.related = {row_id: first for _, row_id, first in self._others}
        return [problem]


def _swapped_problem(columns: Mapping[str, str]) -> Problem:
    words = stated(
        "{source} is read as the source and {target} as the target; their names say the opposite.",
        source=repr(columns["source"]),
        target=repr(columns["target"]),
    )
    return Problem("swapped_columns", "warning", words, stated("Swap the columns unless that is meant."))
