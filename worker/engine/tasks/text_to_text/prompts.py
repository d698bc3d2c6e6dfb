"""The sources of a split that are answered in full, each once, with all targets that the split has for it as references."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.samples import SamplePrompt

# Target tokens: at least and at most so many may be written, and this factor above nearly all training targets.
FEWEST_TOKENS, MOST_TOKENS, ROOM, USUAL_SHARE = 16, 512, 1.2, 0.99


@dataclass(frozen=True)
class TargetPrompt(SamplePrompt):
    """``others`` are further rows with the same source: (row id, reference)."""

    others: tuple[tuple[int, str], ...] = ()

    @property
    def references(self) -> tuple[str, ...]:
        """All texts that are right."""
        return (self.reference, *(text for _row, text in self.others))

    @property
    def rows(self) -> tuple[tuple[int, str], ...]:
        """Every row with this source: (row id, reference)."""
        return ((self.row_id, self.reference), *self.others)


def one_for_each_source(
    examples: Sequence[TokenizedExample], ask: Callable[[TokenizedExample], list[int]], prefix: str
) -> list[TargetPrompt]:
    """Prompts in the order of the rows.

    Args:
        prefix: the instruction before each source, which is not shown.
    """
    rows: dict[str, list[TokenizedExample]] = {}
    for example in examples:
        rows.setdefault(example.example.turns[-2].content, []).append(example)
    prompts = []
    for source, (first, *rest) in rows.items():
        others = tuple((other.row_id, other.example.answer) for other in rest)
        text = source.removeprefix(prefix)
        prompts.append(TargetPrompt(first.row_id, text, first.example.answer, ask(first), others))
    return prompts


def draw(prompts: Sequence[TargetPrompt], most: int) -> list[TargetPrompt]:
    """At most so many of them, wherever they stand in the file, in its order.

    Those with the smallest digests of their sources are drawn: every run on the same rows answers the same ones, whatever its seed, and
    a smaller drawing is part of a larger one.
    """
    drawn = sorted(range(len(prompts)), key=lambda at: sha256(prompts[at].text.encode()).digest())[:most]
    return [prompts[at] for at in sorted(drawn)]


def answer_tokens(examples: Sequence[TokenizedExample]) -> int:
    """How many tokens a written target may have: a little more than nearly all training targets have."""
    weights = sorted(example.weight for example in examples)
    usual = weights[min(len(weights) - 1, round(USUAL_SHARE * len(weights)))]
    return max(FEWEST_TOKENS, min(MOST_TOKENS, round(ROOM * usual) + 4))
