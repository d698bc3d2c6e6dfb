"""Forgetting of a causal language model: its loss on fixed texts that no data set is about, before and after training.

The texts are held-out exchanges of the generator that `starter-chat` was pre-trained with (``general_text.txt``): simple English
on many topics, which larger models know as well. Mean loss per token, as in peft's benchmark of methods.
"""

from pathlib import Path
from typing import Any

from app.catalog.task_types.generative import Example
from worker.engine.reporting.results import ForgettingResult
from worker.engine.tasks.forgetting_limits import LOSS_LIMITS, level
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.text_scores import RowScores, change_interval

TASK = "how well it foresees fixed texts on many topics"


def make_examples(tokenizer: Any, max_length: int) -> list[TokenizedExample]:
    """The texts as tokens, at most ``max_length`` each; every token is predicted."""
    lines = Path(__file__).with_name("general_text.txt").read_text(encoding="utf-8").splitlines()
    tokens = [tokenizer(line)["input_ids"][:max_length] for line in lines]
    return [
        TokenizedExample(row, Example(text=lines[row]), ids, [True] * len(ids))
        for row, ids in enumerate(tokens)
        if len(ids) > 1
    ]


def compare(before: RowScores, after: RowScores) -> ForgettingResult:
    """Losses in nats per token, and how they changed."""
    first, last = before.summary(), after.summary()
    change = last["loss"] - first["loss"]
    return ForgettingResult(
        task=TASK,
        unit="loss",
        before=first["loss"],
        after=last["loss"],
        change=change,
        rows=len(before.losses),
        level=level(change, LOSS_LIMITS),
        limits=list(LOSS_LIMITS),
        perplexity=[first["perplexity"], last["perplexity"]],
        interval=change_interval(after, before),
    )
