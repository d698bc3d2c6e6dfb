"""The base model with a few training examples in the prompt (Brown et al. 2020, arXiv 2005.14165): what is had without tuning.

The same test rows, the same tokens in the loss and the same held-out questions as the run's own; rows that do not fit into the
model beside the examples are left out, and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.catalog.baselines import PROMPT_EXAMPLES
from app.catalog.loss_mask import LossMasker
from app.catalog.task_types.generative import SYSTEM, Example, Turn
from app.errors import Rejected
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.samples import MIN_ANSWER_TOKENS, SamplePrompt
from worker.engine.tasks.generation.text_scores import RowScores

# More test rows cost several passes over them each and narrow the interval little.
MAX_ROWS = 200

Turns = tuple[Turn, ...]


@dataclass(frozen=True)
class FewShot:
    """What the base model is asked.

    Attributes:
        rows: positions of the test examples that fit beside the shown ones.
        examples: these with the shown ones before them; only their own answers count in the loss.
        prompts: all questions with the shown examples before them; empty where one does not fit.
        scores: of ``examples`` by the base model, once they are measured.
        answers: to ``prompts``.
    """

    rows: list[int]
    examples: list[TokenizedExample]
    prompts: list[SamplePrompt]
    scores: RowScores | None = None
    answers: tuple[str, ...] = ()


def shown_turns(train: Sequence[TokenizedExample]) -> Turns:
    """The turns of the shown examples, none of them to be learned: conversations of usual length with different answers."""
    usual = sorted(len(row.ids) for row in train)[len(train) // 2] if train else 0
    chosen: dict[str, Example] = {}
    for row in train:
        if row.example.turns and len(row.ids) <= usual:
            chosen.setdefault(row.example.answer, row.example)
        if len(chosen) == PROMPT_EXAMPLES:
            break
    turns = [turn for example in chosen.values() for turn in example.turns if turn.role != SYSTEM]
    return tuple(turn._replace(learned=False) for turn in turns) if len(chosen) == PROMPT_EXAMPLES else ()


def prepare(
    shown: Turns,
    test: Sequence[TokenizedExample],
    prompts: Sequence[SamplePrompt],
    masker: LossMasker,
    context_length: int,
) -> FewShot:
    """The test rows and questions behind the shown turns.

    Raises:
        Rejected: the chat template refuses so many turns.
    """
    asked = {row.row_id: row.example for row in test}
    rows, examples = [], []
    for position, row in enumerate(test[:MAX_ROWS]):
        made = masker.mask(replace(row.example, turns=_behind(shown, row.example.turns)))
        longer = TokenizedExample(row.row_id, row.example, made.ids, made.learned)
        # A row that was cut for the run is not the same test.
        if len(made.ids) <= context_length and longer.weight == row.weight:
            rows.append(position)
            examples.append(longer)
    behind = [replace(prompt, ids=masker.ask(_behind(shown, asked[prompt.row_id].question))) for prompt in prompts]
    fits = all(len(prompt.ids) + MIN_ANSWER_TOKENS <= context_length for prompt in behind)
    return FewShot(rows, examples, behind if fits else [])


def attempt(
    train: Sequence[TokenizedExample],
    test: Sequence[TokenizedExample],
    prompts: Sequence[SamplePrompt],
    masker: LossMasker,
    context_length: int,
) -> FewShot | None:
    """The same; None where there are too few examples, nothing fits, or the chat template refuses."""
    shown = shown_turns(train)
    if not shown or not all(row.example.turns for row in test):
        return None
    try:
        found = prepare(shown, test, prompts, masker, context_length)
    except Rejected:
        return None
    return found if found.rows else None


def only(scores: RowScores, rows: Sequence[int]) -> RowScores:
    """The scores of some rows."""
    chosen = np.asarray(rows, dtype=int)
    return RowScores(scores.losses[chosen], scores.tokens[chosen], scores.right[chosen])


def _behind(shown: Turns, turns: Turns) -> Turns:
    """A system message stays first."""
    start = 1 if turns and turns[0].role == SYSTEM else 0
    return (*turns[:start], *shown, *turns[start:])
