"""Forgetting of an encoder: its accuracy on a fixed task that no data set is about, before and after training.

The task is a probe of linguistic knowledge ("bigram shift", Conneau et al. 2018, arXiv 1805.01070): whether two neighbouring words
changed places. A linear probe on frozen vectors is fitted on sentences with some verbs and tested on sentences with others.
"""

from itertools import product
from typing import Any

import torch

from app.intervals import sign_test
from worker.engine.reporting.results import ForgettingResult
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.evaluate import read_all
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.evaluation import EvaluationLoop
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
# A change with this p-value or more counts as none.
SIGNIFICANT = 0.05


def sentences() -> tuple[list[str], list[int], list[bool]]:
    """Texts, whether two of the words changed places (1) or not (0), and whether each belongs to the test."""
    texts, labels, held_out = [], [], []
    for number, (verb, subject, thing) in enumerate(product(VERBS, SUBJECTS, OBJECTS)):
        words = f"{subject} {verb} {thing}".split()
        first = 1 + number * 7 % (len(words) - 2)
        swapped = [*words[:first], words[first + 1], words[first], *words[first + 2 :]]
        # Both versions of every sentence, so that no word gives the answer away.
        for changed, version in enumerate((words, swapped)):
            texts.append(" ".join(version) + ".")
            labels.append(changed)
            held_out.append(number >= (len(VERBS) - TEST_VERBS) * len(SUBJECTS) * len(OBJECTS))
    return texts, labels, held_out


def encode(tokenizer: Any) -> Encoded:
    """The sentences as tokens with their labels."""
    texts, labels, _ = sentences()
    return Encoded(tokenizer(texts)["input_ids"], labels, 0)


def correct_answers(model: PooledClassifier, tokenizer: Any, evaluation: EvaluationLoop) -> torch.Tensor:
    """Which of the held-out sentences a probe fitted on this encoder's vectors classifies right, (sentences,) of bool."""
    _, labels, held_out = sentences()
    vectors = read_all(model, encode(tokenizer), evaluation, output="features", exact=True)
    test, targets = torch.tensor(held_out), torch.tensor(labels)
    probe = fit_probe(vectors[~test], targets[~test].tolist(), 2)
    return probe.logits(vectors[test]).argmax(-1) == targets[test]


def compare(before: torch.Tensor, after: torch.Tensor) -> ForgettingResult:
    """Accuracy before and after training, and whether chance alone changes as much (exact sign test)."""
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    first, last = float(before.float().mean()), float(after.float().mean())
    by_chance = sign_test(lost, gained) >= SIGNIFICANT
    return ForgettingResult(
        task=TASK,
        unit="share",
        before=first,
        after=last,
        change=last - first,
        rows=len(before),
        level=level(first - last, SHARE_LIMITS, by_chance=by_chance),
        limits=[-limit for limit in SHARE_LIMITS],
    )
