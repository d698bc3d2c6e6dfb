"""The scores of a task, and in which form it answers; pages, tables and statistics read both from the declaration."""

from dataclasses import dataclass
from typing import Literal

# One of some labels, any number of them, a number, marked words, which of two answers is better, written text, or a text that is held
# against references.
AnswerForm = Literal["label", "labels", "number", "entities", "preference", "text", "target"]


# Forms that are texts, shown as such and read by people.
WRITTEN_FORMS: tuple[AnswerForm, ...] = ("text", "target")


@dataclass(frozen=True)
class Score:
    """One number about answers to held-out rows.

    Attributes:
        title: as it begins a line, such as "Entity F1".
        unit: ``share`` (0 to 1), or ``number``.
        counted: whether it is a share of the rows, so that an interval follows from their number.
        rows: what it is about, in words.
        drawn: whether its curve on the validation rows is shown.
        chance: what guessing reaches; None where that depends on the rows.
    """

    key: str
    title: str
    unit: Literal["share", "number"] = "share"
    higher_is_better: bool = True
    counted: bool = False
    rows: Literal["rows", "sentences", "answers"] = "rows"
    drawn: bool = True
    chance: float | None = None
