"""Preferences: of two answers to a request the better one, or single answers that are marked good or bad."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import conversations, preference_columns, votes
from app.catalog.task_types.base import Problem, Role
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.generative import Example, GenerativeTask, RowNotes, UnusableRow
from app.catalog.task_types.preference_pairs import PreferenceExample, read_pair
from app.catalog.task_types.scores import AnswerForm, Score
from app.catalog.task_types.text_patterns import text_key
from app.languages import decimal, stated

# Share of pairs whose longer answer is preferred from which length alone is a good guess; of fewer pairs nothing is said.
LENGTH_BIAS, LENGTH_PAIRS = 0.65, 20
# Above this share of one kind of marks, the other is hardly learned.
ONE_SIDED = 0.95


class Preference(GenerativeTask):
    """Learn to answer as the preferred answers do, and not as the rejected ones."""

    kind = "preference"
    title = "Learn from preferred answers"
    summary = (
        "Learn from pairs of a better and a worse answer, or from answers with thumbs up and down, to write answers of the better "
        "kind (DPO and its relatives)."
    )
    example = "“How do I reset it?” → “Hold the button for 5 seconds.” rather than “Read the manual.”"
    roles = (
        Role(
            "prompt",
            "Request",
            "The column with what was asked; none where the answers are whole conversations.",
            required=False,
        ),
        Role(
            "chosen",
            "Preferred answer",
            "The column with the better answer; the first answer where another column says which won; the only one where another "
            "marks it good or bad.",
            required=False,
        ),
        Role("rejected", "Rejected answer", "The column with the worse answer, or the second one.", required=False),
        Role(
            "winner",
            "Which was better",
            "A column that says which of two answers won, where they are in no order; ties are left out.",
            required=False,
        ),
        Role(
            "mark",
            "Good or bad",
            "A column with true or false for a single answer, such as thumbs up and down.",
            required=False,
        ),
        Role(
            "rated",
            "List of answers",
            "A column with a list: two answers, the better first, or a rating with each.",
            required=False,
        ),
        Role("system", "System prompt", "A column with the assistant's instructions, if there is one.", required=False),
    )
    role_sets = (("chosen", "rejected"), ("chosen", "mark"), ("rated",))
    answer_roles = ("chosen", "rejected", "winner", "mark", "rated")
    nested_roles = ("prompt", "chosen", "rejected", "rated", "system")
    conversation_roles = ("prompt", "chosen", "rejected")
    scores = (
        Score("preference_accuracy", "Preference accuracy", counted=True, chance=0.5),
        Score("reward_margin", "Reward margin", unit="number"),
        Score("kl", "KL from the reference", unit="number", higher_is_better=False, drawn=False),
        Score("chosen_perplexity", "Perplexity of preferred answers", unit="number", higher_is_better=False),
    )
    answer_form: AnswerForm = "preference"
    needed = 0.70
    training_defaults: Mapping[str, Any] = {"max_length": 512, "batch_size": 16, "epochs": 1}

    def roles_of(self, columns: Iterable[str]) -> tuple[Role, ...]:
        """See :meth:`TaskType.roles_of`: also what the numbers of a column of winners mean."""
        known = next(role for role in self.roles if role.name == votes.WINNER)
        coded = (name for name in columns if name != votes.WINNER and votes.is_winner_role(name))
        return (*self.roles, *(Role(name, known.title, known.help, required=False) for name in coded))

    def is_answer(self, role: str) -> bool:
        """See :meth:`TaskType.is_answer`."""
        return super().is_answer(role) or votes.is_winner_role(role)

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        found = self.candidates(TableFacts(tuple(columns), sample))
        return dict(next((item.columns for item in found if item.task_type == self.kind), {}))

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`: also how to learn from the good answers alone."""
        return preference_columns.candidates(table)

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> PreferenceExample:
        """See :meth:`GenerativeTask.read_example`."""
        return read_pair(row, columns)

    def readable(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.readable`: of a pair its longer side, which is what has to fit."""
        try:
            example = self.read_example(row, columns)
        except UnusableRow:
            return ""
        sides = ("\n".join(turn.content for turn in turns) for turns in (example.turns, example.rejected))
        return max(sides, key=len)

    def identity(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.identity`: what was asked, however it is written."""
        try:
            example = self.read_example(row, columns)
        except UnusableRow:
            return super().identity(row, columns)
        return "\0".join(turn.content for turn in example.shared)

    def answers(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, ...]:
        """See :meth:`TaskType.answers`: whether a single answer is good, over which splits are balanced."""
        if "mark" not in columns:
            return ()
        try:
            return ("good" if self.read_example(row, columns).good else "bad",)
        except UnusableRow:
            return ()

    def as_read(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`."""
        try:
            example = self.read_example(row, columns)
        except UnusableRow as flaw:
            return [("Left out", self.words[flaw.code][1] if flaw.code in self.words else flaw.code)]
        asked = [(turn.role.title(), turn.content) for turn in example.shared]
        if example.good is not None:
            return [*asked, ("Good" if example.good else "Bad", example.answer)]
        return [*asked, ("Preferred", example.answer), ("Rejected", example.rejected_answer)]

    def notes(self, columns: Mapping[str, str]) -> RowNotes:
        """See :meth:`GenerativeTask.notes`."""
        return PairNotes(self.words, columns)

    words = {
        **{
            code: conversations.WORDS[code]
            for code in ("unknown_turn_role", "tool_calls", "unsupported_content", "empty_turn")
        },
        **{code: conversations.WORDS[code] for code in ("system_not_first", "repeated_role")},
        "no_turns": ("error", "A conversation has no messages.", "Fill it in; these rows are left out."),
        "not_a_conversation": (
            "error",
            "A cell holds no list of messages.",
            'Write [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]. These rows are left out.',
        ),
        "no_assistant_turn": (
            "error",
            "There is no answer of the assistant.",
            "Add the answers; these rows are left out.",
        ),
        "nothing_learned": (
            "error",
            "There is no answer of the assistant.",
            "Add the answers; these rows are left out.",
        ),
        "empty_prompt": (
            "error",
            "There is no request before the answers.",
            "Fill it in, or choose the column that holds it; these rows are left out.",
        ),
        "empty_chosen": (
            "error",
            "The answer in {chosen} is missing or empty.",
            "Fill it in; these rows are left out.",
        ),
        "empty_rejected": ("error", "The rejected answer is missing or empty.", "Fill it in; these rows are left out."),
        "same_answers": (
            "error",
            "The preferred and the rejected answer are the same.",
            "There is nothing to prefer; these rows are left out.",
        ),
        "prompts_differ": (
            "error",
            "The two answers belong to different requests.",
            "Both sides of a pair must begin with the same messages, up to the answer; these rows are left out.",
        ),
        "no_answer_last": (
            "error",
            "The conversation does not end with an answer of the assistant.",
            "Its last message is what is marked good or bad; these rows are left out.",
        ),
        "not_rated": (
            "error",
            "What {rated} holds is no list of answers of which one is better.",
            'Write two texts, the better first, or [{"text": "...", "rating": 4}, ...] with different ratings; these rows are left out.',
        ),
        "unknown_winner": (
            "error",
            "What {winner} holds names none of the two answers.",
            "Write the name of the better column, a or b, 1 or 2, or tie; these rows are left out.",
        ),
        "tie": ("error", "Neither answer won in {winner}.", "There is nothing to prefer; these rows are left out."),
        "unknown_mark": (
            "error",
            "What {mark} holds is neither true nor false.",
            "Write true or false; these rows are left out.",
        ),
        "swapped_pair": (
            "warning",
            "The same two answers to the same request stand in another row the other way round.",
            "They contradict each other and teach nothing; keep the one that is right.",
        ),
        "contradicting_marks": (
            "warning",
            "The same answer to the same request is good in one row and bad in another.",
            "They contradict each other; keep the one that is right.",
        ),
    }


class PairNotes(RowNotes):
    """Also compares pairs with one another: swapped sides, and which answers are longer."""

    def __init__(self, words: Mapping[str, tuple[str, str, str]], columns: Mapping[str, str]) -> None:
        named = {role.partition(":")[0]: name for role, name in columns.items()}
        super().__init__(words, {"chosen": columns.get("rated", ""), **named})
        self._seen: dict[bytes, int] = {}
        self._longer = self._uneven = 0
        self._marks = {True: 0, False: 0}

    def count(self, example: Example, row: Mapping[str, Any]) -> None:
        """See :meth:`RowNotes.count`."""
        super().count(example, row)
        assert isinstance(example, PreferenceExample)
        asked = "\0".join(turn.content for turn in example.shared)
        if example.good is not None:
            self._contradicts(
                "contradicting_marks", row, [asked, example.answer, ""], (str(example.good), str(not example.good))
            )
            self._marks[example.good] += 1
            return
        one, other = example.answer, example.rejected_answer
        self._contradicts("swapped_pair", row, [asked], (f"{one}\0{other}", f"{other}\0{one}"))
        self._uneven += len(one) != len(other)
        self._longer += len(one) > len(other)

    def _contradicts(self, code: str, row: Mapping[str, Any], asked: Sequence[str], ways: tuple[str, str]) -> None:
        """Note a row that says the opposite of an earlier one."""
        this, opposite = (text_key("\0".join([*asked, way])) for way in ways)
        if opposite in self._seen:
            self.add(code, row, {"opposite of row": self._seen[opposite]})
        self._seen.setdefault(this, row["_line"])

    def problems(self) -> list[Problem]:
        """See :meth:`RowNotes.problems`; at the end, what concerns all rows together."""
        found = super().problems()
        if self._uneven >= LENGTH_PAIRS:
            found.append(_length_bias(self._longer / self._uneven))
        good, marked = self._marks[True], sum(self._marks.values())
        if marked and not ONE_SIDED >= good / marked >= 1 - ONE_SIDED:
            words = stated(
                "Nearly all answers are marked alike: {good} of {marked} are good.", good=good, marked=marked
            )
            hint = stated("Learning from marks needs both; add answers of the other kind.")
            found.append(Problem("one_sided_marks", "warning", words, hint))
        return found


def _length_bias(share: float) -> Problem:
    """How often the longer answer is the preferred one."""
    shown = f"{decimal(share * 100)} %"
    if max(share, 1 - share) <= LENGTH_BIAS:
        words = stated("In {share} of the pairs the longer answer is the preferred one.", share=shown)
        hint = stated("Length alone tells little about which answer is better here.")
        return Problem("length_bias", "info", words, hint)
    longer = share > LENGTH_BIAS
    words = (
        stated(
            "In {share} of the pairs the longer answer is the preferred one, so a model may learn to write long.",
            share=shown,
        )
        if longer
        else stated(
            "In only {share} of the pairs the longer answer is the preferred one, so a model may learn to write short.",
            share=shown,
        )
    )
    hint = stated(
        "Add pairs whose better answer is the other one in length; the run is measured beside a guess by length."
    )
    return Problem("length_bias", "warning", words, hint)
