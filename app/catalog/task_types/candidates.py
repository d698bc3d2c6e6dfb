"""Which goals a table can serve and with which columns, ranked by evidence; and the question where two are close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.languages import stated

# Scores of evidence. What decides, and what names, contents and guesses are worth.
DECIDED, TAGGED, CERTAIN, NAMED, LIKELY, PARTLY, GUESSED, WEAK, DOUBTED = 100, 95, 92, 80, 70, 62, 50, 40, 20
# Two readings closer than this are asked about.
CLOSE = 15
# Roles in which a reading takes a column for what is to be learned.
ANSWERS = ("label", "response", "completion", "messages")
MAX_OFFERED = 3


@dataclass(frozen=True)
class Keep:
    """Use only rows whose cell in ``column`` is one of ``values``."""

    column: str
    values: tuple[str, ...]

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is used."""
        return str(row.get(self.column) or "").strip() in self.values


@dataclass(frozen=True)
class GoalCandidate:
    """One way to read a table: a task, the column of each role, and the rows to use.

    Attributes:
        score: how strong the evidence is.
        why: what speaks for it, in a short sentence.
        doubt: why it is not taken without asking; empty if it may be.
        keep: rows to use, all if left out.
        settles: columns whose content shows that they belong to this reading; others that take them for their answer are weak.
    """

    task_type: str
    columns: Mapping[str, str]
    score: float
    why: str = ""
    doubt: str = ""
    keep: Keep | None = None
    settles: frozenset[str] = frozenset()

    @property
    def answer(self) -> str:
        """The word that chooses it, e.g. ``text-classification:text=Ticket,label=Team``."""
        kept = f"?{self.keep.column}={'|'.join(self.keep.values)}" if self.keep else ""
        return f"{self.task_type}:{','.join(f'{role}={name}' for role, name in self.columns.items())}{kept}"


@dataclass(frozen=True)
class Question:
    """What a person must say before the rows are used: ``code`` and words of the refusal, and what can be chosen.

    ``kind`` names the task that such data would need, where there is none for it.
    """

    code: str
    words: str
    hint: str
    candidates: Sequence[GoalCandidate] = ()
    kind: str = ""


def ranked(candidates: Sequence[GoalCandidate]) -> list[GoalCandidate]:
    """The strongest first; of the same task and columns only one."""
    found: dict[str, GoalCandidate] = {}
    settled = frozenset().union(*(candidate.settles for candidate in candidates))
    weakened = [
        replace(candidate, score=min(candidate.score, WEAK)) if _takes(candidate, settled) else candidate
        for candidate in candidates
    ]
    for candidate in sorted(weakened, key=lambda item: -item.score):
        found.setdefault(candidate.answer, candidate)
    return list(found.values())


def _takes(candidate: GoalCandidate, settled: frozenset[str]) -> bool:
    """Whether it takes a column for its answer that belongs to another reading."""
    return not candidate.settles and any(candidate.columns.get(role) in settled for role in ANSWERS)


def question_about(found: Sequence[GoalCandidate]) -> Question | None:
    """The question between the strongest candidates of a ranked list; None where one is clear."""
    if not found:
        return None
    first, *others = found
    close = [other for other in others if first.score - other.score < CLOSE]
    if not close and not first.doubt:
        return None
    further = [other for other in others if first.doubt and other not in close]
    offered = [first, *close, *further][:MAX_OFFERED]
    hint = stated("Choose one of the readings below.")
    if first.doubt:
        return Question(
            "several_readings",
            stated("What should be learned from this file is not clear: {doubt}", doubt=first.doubt),
            hint,
            offered,
        )
    if len({option.task_type for option in offered}) == 1:
        role, columns = _differing(offered)
        quoted = _either([repr(name[:60]) for name in columns])
        words = stated("More than one column could be the {role}: {columns}.", role=role, columns=quoted)
        return Question("several_readings", words, hint, offered)
    words = stated("This file can be learned from in more than one way.")
    return Question("several_readings", words, hint, offered)


def _either(names: Sequence[str]) -> str:
    first, *others = names
    for other in others:
        first = stated("{one} or {other}", one=first, other=other)
    return first


def _differing(offered: Sequence[GoalCandidate]) -> tuple[str, list[str]]:
    """The role in which candidates of one task differ, and its columns."""
    for role in offered[0].columns:
        columns = [option.columns.get(role, "") for option in offered]
        if len(set(columns)) > 1:
            return role, columns
    return "column", []
