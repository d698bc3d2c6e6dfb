"""The default maximum length of texts: what the data needs, as far as the base model reads and a budget of time allow.

Rows are padded to the longest of their batch, so a length that few rows reach costs little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.catalog.training import TrainingSettings
from app.languages import decimal
from app.languages import gettext as _

# Lengths in tokens that are chosen from, and the share of the rows that may lose their end.
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
MAX_CUT_SHARE = 0.02
DEFAULT_LENGTH: int = TrainingSettings.model_fields["max_length"].default
# Longer texts than DEFAULT_LENGTH are read as long as a run with the default epochs is estimated to take no more than this,
# on two cores: 6 operations for each weight and token (forth, back, gradients) at so many a second.
BUDGET_SECONDS = 3600.0
OPERATIONS, OPERATIONS_PER_SECOND = 6.0, 1e11

Bound = Literal["", "model", "time", "task"]


@dataclass(frozen=True)
class TextLength:
    """A maximum length and why it is the default.

    Attributes:
        tokens: of a text that are read.
        covered: share of the rows that are read to their end, None where it was not counted.
        longest: text of the data, in tokens.
        bound: what keeps the length below what the data needs: what the ``model`` reads, or ``time``; ``task`` where it does
            not follow the data.
    """

    tokens: int
    covered: float | None = None
    longest: int = 0
    bound: Bound = ""

    @property
    def reason(self) -> str:
        """Why, in one sentence; empty where it does not follow the data."""
        if self.covered is None:
            return ""
        share = decimal(100 * self.covered, 0 if self.covered in (0, 1) else 1)
        facts = {"tokens": decimal(self.tokens), "share": share, "longest": decimal(self.longest)}
        if self.bound == "model":
            return _(
                "{tokens} tokens cover {share} % of your texts; the longest has {longest}. The base model reads no more.",
                **facts,
            )
        if self.bound == "time":
            return _(
                "{tokens} tokens cover {share} % of your texts; the longest has {longest}. More would take long on so many rows.",
                **facts,
            )
        return _("{tokens} tokens cover {share} % of your texts; the longest has {longest}.", **facts)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**vars(self), "reason": self.reason}


def declared_length(training_defaults: Mapping[str, Any], room: int) -> TextLength:
    """The length of a task whose texts are not cut, or are not counted; ``room`` tokens are what the base model reads."""
    return TextLength(min(training_defaults.get("max_length", DEFAULT_LENGTH), room), bound="task")


def choose_length(counts: Mapping[int, int], room: int, parameters: int, epochs: float, rows: int = 0) -> TextLength:
    """The smallest of :data:`LENGTHS` that cuts at most :data:`MAX_CUT_SHARE` of the rows.

    Args:
        counts: length in tokens -> rows.
        room: the longest text that the base model reads, in tokens.
        parameters: weights of the base model.
        epochs: passes of a run by default.
        rows: all rows, where ``counts`` holds a sample.
    """
    total = sum(counts.values())
    allowed = MAX_CUT_SHARE * total
    wanted = next((length for length in LENGTHS if _cut(counts, length) <= allowed), LENGTHS[-1])
    tokens, bound = min(wanted, room), "model" if wanted > room else ""
    scale = OPERATIONS * parameters * epochs / OPERATIONS_PER_SECOND * (rows or total) / max(1, total)
    shorter = [length for length in LENGTHS if DEFAULT_LENGTH <= length < tokens]
    while shorter and scale * _read(counts, tokens) > BUDGET_SECONDS:
        tokens, bound = shorter.pop(), "time"
    covered = 1 - _cut(counts, tokens) / max(1, total)
    return TextLength(tokens, covered, max(counts, default=0), bound)  # type: ignore[arg-type]


def _cut(counts: Mapping[int, int], length: int) -> int:
    return sum(number for tokens, number in counts.items() if tokens > length)


def _read(counts: Mapping[int, int], length: int) -> int:
    """Tokens of one pass."""
    return sum(min(tokens, length) * number for tokens, number in counts.items())
