"""How much of its general language a model that writes has lost: the loss on fixed texts that no data set is about.

The texts are held-out exchanges of the generator that `starter-chat` was pre-trained with (``general_text.txt``): simple English
on many topics, which larger models know as well. Mean loss per token before and after, as in peft's benchmark of methods.
"""

from pathlib import Path
from typing import Any

from accelerate import Accelerator

from app.catalog.task_types.generative import Example
from app.run_report import Report
from worker.engine.tasks.forgetting_limits import LOSS_LIMITS, level
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.evaluate import read_all
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.generation.text_scores import RowScores, change_interval

TASK = "how well it foresees fixed texts on many topics"


def examples(tokenizer: Any, longest: int) -> list[TokenizedExample]:
    """The texts as tokens, at most ``longest`` each; every token is to be foreseen."""
    lines = Path(__file__).with_name("general_text.txt").read_text(encoding="utf-8").splitlines()
    tokens = [tokenizer(line)["input_ids"][:longest] for line in lines]
    return [
        TokenizedExample(row, Example(text=lines[row]), ids, [True] * len(ids))
        for row, ids in enumerate(tokens)
        if len(ids) > 1
    ]


def losses(
    model: CausalLM,
    texts: list[TokenizedExample],
    pad_id: int,
    accelerator: Accelerator,
    report: Report,
    *,
    packed: bool,
) -> RowScores:
    """The loss of each text for the model as it stands."""
    return read_all(model, texts, pad_id, accelerator, report, packed=packed)


def told(before: RowScores, after: RowScores) -> dict[str, Any]:
    """What ``result.json`` says about it: losses in nats per token, and what became of them."""
    first, last = before.summary(), after.summary()
    change = last["loss"] - first["loss"]
    return {
        "task": TASK,
        "unit": "loss",
        "before": first["loss"],
        "after": last["loss"],
        "change": change,
        "perplexity": [first["perplexity"], last["perplexity"]],
        "interval": change_interval(after, before),
        "rows": len(before.losses),
        "level": level(change, LOSS_LIMITS),
        "limits": list(LOSS_LIMITS),
    }
