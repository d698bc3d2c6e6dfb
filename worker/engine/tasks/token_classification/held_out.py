"""Tags that a tagger and its baselines gave to sentences that were held out: a test split, or the folds of a cross-validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.catalog import entity_scores
from app.catalog.task_types.tagged_text import Sentence
from worker.engine.tasks.token_classification import evaluate
from worker.engine.tasks.token_classification.data import TaggedSplit
from worker.engine.tasks.token_classification.model import entities_of

# For each sentence the tag number of every word.
TagNumbers = list[list[int]]


@dataclass(frozen=True)
class HeldOutSentences:
    """Sentences with logits (words that are read, tags) of the tuned model and of the linear probe, and tags by baseline."""

    split: TaggedSplit
    logits: list[np.ndarray]
    base_logits: list[np.ndarray]
    lookups: Mapping[str, TagNumbers]

    def as_json(self) -> dict[str, Any]:
        """Row ids and answers; fp32 numbers are the same again when they are read."""
        return {
            "row_ids": list(self.split.row_ids),
            "logits": [scores.tolist() for scores in self.logits],
            "base_logits": [scores.tolist() for scores in self.base_logits],
            "lookups": dict(self.lookups),
        }

    @classmethod
    def joined(cls, folds: Sequence[Mapping[str, Any]], splits: Sequence[TaggedSplit]) -> "HeldOutSentences":
        """The sentences of all folds, by rising row id.

        Args:
            folds: what :meth:`as_json` gave.
            splits: hold every sentence of the folds.
        """
        places = {row_id: (split, at) for split in splits for at, row_id in enumerate(split.row_ids)}
        row_ids = [row_id for fold in folds for row_id in fold["row_ids"]]
        order = sorted(range(len(row_ids)), key=row_ids.__getitem__)
        found = [places[row_ids[at]] for at in order]
        whole = TaggedSplit(
            [split.row_ids[at] for split, at in found],
            [split.sentences[at] for split, at in found],
            [split.encodings[at] for split, at in found],
            [split.targets[at] for split, at in found],
        )
        logits, base_logits = (_in_order(folds, key, order) for key in ("logits", "base_logits"))
        lookups = {
            name: [[tags for fold in folds for tags in fold["lookups"][name]][at] for at in order]
            for name in folds[0]["lookups"]
        }
        return cls(whole, logits, base_logits, lookups)


def look_up(sentences: Sequence[Sentence], tag_of: Mapping[str, str], tags: Sequence[str]) -> TagNumbers:
    """Every word's tag from a table, O where it is unknown; what continues no entity begins one."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    found = []
    for sentence in sentences:
        given = [numbers[tag_of.get(word, "O")] for word in sentence.words]
        for word, tag in enumerate(given):
            if tag and tag % 2 == 0 and (word == 0 or given[word - 1] not in (tag - 1, tag)):
                given[word] = tag - 1
        found.append(given)
    return found


def score_lookup(split: TaggedSplit, given: TagNumbers, tags: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Scores of tags that a table gave; there are no probabilities, so no loss."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    spans, right, words = [], 0, 0
    for sentence, row in zip(split.sentences, given, strict=True):
        places = sentence.places
        entities = entities_of(row, labels)
        spans.append([[places[entity.start][0], places[entity.end - 1][1], entity.label] for entity in entities])
        right += sum(tag == numbers[expected] for tag, expected in zip(row, sentence.tags, strict=True))
        words += len(row)
    scores = entity_scores.total(evaluate.counts(split, spans)).scores
    return {**scores, "token_accuracy": right / max(1, words)}


def _in_order(folds: Sequence[Mapping[str, Any]], key: str, order: Sequence[int]) -> list[np.ndarray]:
    rows = [np.asarray(scores, dtype=np.float32) for fold in folds for scores in fold[key]]
    return [rows[at] for at in order]
