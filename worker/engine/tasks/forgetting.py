"""How much of what the untouched model knew is gone: a fixed task that no data set is about, asked before and after.

The task is one of the probes of linguistic knowledge that sentence vectors are examined with (two neighbouring words changed
places, or not; "bigram shift", Conneau et al. 2018, arXiv 1805.01070): a linear probe on frozen vectors, fitted on sentences
with some verbs and tested on sentences with others. Knows no files.
"""

from itertools import product
from typing import Any

import torch
from accelerate import Accelerator

from app.intervals import sign_test
from app.run_report import Report
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.evaluate import read_all
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.forgetting_limits import SHARE_LIMITS, level
from worker.engine.tasks.linear_probe import fit_probe

TASK = "whether two words of a sentence have changed places"
SUBJECTS = ("The neighbours", "Two engineers", "My younger cousins", "The other children")
VERBS = (
    "painted",
    "have repaired",
    "will buy",
    "sold",
    "are cleaning",
    "drew",
    "had found",
    "may carry",
    "wrote about",
    "will forget",
    "moved",
    "have broken",
    "kept",
    "could choose",
    "showed",
)
OBJECTS = ("the old wooden bridge", "a small green bicycle", "their very first boat", "several maps of the town")
TEST_VERBS = 5
# Changes that chance makes as often as this or more are none.
SIGNIFICANT = 0.05


def sentences() -> tuple[list[str], list[int], list[bool]]:
    """Texts, whether two of the words changed places (1) or not (0), and whether each belongs to the test."""
    texts, labels, held_out = [], [], []
    for number, (verb, subject, thing) in enumerate(product(VERBS, SUBJECTS, OBJECTS)):
        words = f"{subject} {verb} {thing}".split()
        at = 1 + number * 7 % (len(words) - 2)
        swapped = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
        # Both orders of every sentence, so that no word gives the answer away.
        for changed, order in enumerate((words, swapped)):
            texts.append(" ".join(order) + ".")
            labels.append(changed)
            held_out.append(number >= (len(VERBS) - TEST_VERBS) * len(SUBJECTS) * len(OBJECTS))
    return texts, labels, held_out


def encode(tokenizer: Any) -> Encoded:
    """The sentences as tokens with their answers."""
    texts, labels, _ = sentences()
    return Encoded(tokenizer(texts)["input_ids"], labels, 0)


def right(model: PooledClassifier, tokenizer: Any, accelerator: Accelerator, report: Report) -> torch.Tensor:
    """Which of the held-out sentences a fresh probe on this encoder's vectors tells right, (sentences,) of bool."""
    _, labels, held_out = sentences()
    data = encode(tokenizer)
    vectors = read_all(model, data, tokenizer.pad_token_id, accelerator, report, what="features", exact=True)
    test = torch.tensor(held_out)
    wanted = torch.tensor(labels)
    probe = fit_probe(vectors[~test], wanted[~test].tolist(), 2)
    return probe.logits(vectors[test]).argmax(-1) == wanted[test]


def told(before: torch.Tensor, after: torch.Tensor) -> dict[str, Any]:
    """What ``result.json`` says about it: shares of right answers, and what became of them."""
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    first, last = float(before.float().mean()), float(after.float().mean())
    by_chance = sign_test(lost, gained) >= SIGNIFICANT
    return {
        "task": TASK,
        "unit": "share",
        "before": first,
        "after": last,
        "change": last - first,
        "rows": len(before),
        "level": level(first - last, SHARE_LIMITS, by_chance=by_chance),
        "limits": [-each for each in SHARE_LIMITS],
    }
