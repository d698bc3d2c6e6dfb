"""Logits of every word, the entities that they mark, their scores, and the linear probe that the head starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from app.catalog import entity_scores
from app.catalog.entity_scores import Counts
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.linear_probe import Probe, fit_chosen_probe
from worker.engine.tasks.token_classification.data import TaggedSplit
from worker.engine.tasks.token_classification.model import Tagger, decode, entities_of

# More words than these improve the probe little and cost minutes.
PROBE_WORDS = 20_000

Spans = list[list[Any]]


@dataclass(frozen=True)
class TaggedSentence:
    """What was marked in one sentence.

    Attributes:
        spans: ``[start, end, label]`` of each entity, in characters.
        span_probabilities: mean probability of the tags of each entity.
        tags: the tag number of every word.
        probability: that of the least certain word's tag.
    """

    spans: Spans
    span_probabilities: list[float]
    tags: list[int]
    probability: float


@torch.no_grad()
def read_all(model: Tagger, data: TaggedSplit, evaluation: EvaluationLoop, *, exact: bool = False) -> list[np.ndarray]:
    """Logits (words that are read, tags) of each sentence, in fp32.

    Args:
        exact: compute in fp32 although the run trains in bf16.
    """
    logits: dict[int, np.ndarray] = {}
    for rows in evaluation.batches(data.lengths):
        ids, mask = evaluation.collate(data.tokens, rows)
        with evaluation.autocast(exact=exact):
            # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
            batch = Tagger.forward(model, ids, mask).cpu()
        for number, row in enumerate(rows):
            logits[row] = batch[number, list(data.encodings[row].first_tokens.values())].numpy()
    return [logits[row] for row in range(len(data.sentences))]


@torch.no_grad()
def probe(model: Tagger, data: TaggedSplit, tag_count: int, evaluation: EvaluationLoop) -> Probe:
    """A linear probe on the base model's token vectors, fitted on the training words or on an even sample of them."""
    words = [
        (row, position) for row, encoding in enumerate(data.encodings) for position in encoding.first_tokens.values()
    ]
    sampled: dict[int, list[int]] = {}
    for row, position in words[:: max(1, len(words) // PROBE_WORDS)]:
        sampled.setdefault(row, []).append(position)
    vectors: list[torch.Tensor] = []
    labels: list[int] = []
    chosen = list(sampled)
    for batch in evaluation.batches([data.lengths[row] for row in chosen]):
        rows = [chosen[number] for number in batch]
        ids, mask = evaluation.collate(data.tokens, rows)
        with evaluation.autocast():
            states = model.vectors(ids, mask).cpu()
        for number, row in enumerate(rows):
            vectors.append(states[number, sampled[row]])
            labels += [data.targets[row][position] for position in sampled[row]]
    return fit_chosen_probe(torch.cat(vectors), labels, tag_count)


def answer(data: TaggedSplit, logits: Sequence[np.ndarray], labels: Sequence[str]) -> list[TaggedSentence]:
    """What was marked in each sentence; words that were not read have no tag."""
    answers = []
    for sentence, encoding, scores in zip(data.sentences, data.encodings, logits, strict=True):
        words = list(encoding.first_tokens)
        tags = [0] * len(sentence.places)
        probabilities = [1.0] * len(sentence.places)
        rows = _softmax(scores)
        for number, (word, tag) in enumerate(zip(words, decode(scores), strict=True)):
            tags[word], probabilities[word] = tag, float(rows[number, tag])
        _extend_entities(tags, words)
        entities = entities_of(tags, labels)
        spans = [
            [sentence.places[entity.start][0], sentence.places[entity.end - 1][1], entity.label] for entity in entities
        ]
        means = [sum(probabilities[entity.start : entity.end]) / (entity.end - entity.start) for entity in entities]
        answers.append(TaggedSentence(spans, means, tags, min(probabilities, default=1.0)))
    return answers


def score(
    data: TaggedSplit, logits: Sequence[np.ndarray], answers: Sequence[TaggedSentence], tags: Sequence[str]
) -> dict[str, float]:
    """``f1``, ``precision``, ``recall``, ``token_accuracy`` over words, and ``loss``: mean cross-entropy (nats) of a word."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    expected = [numbers[tag] for sentence in data.sentences for tag in sentence.tags]
    given = [tag for sentence in answers for tag in sentence.tags]
    right = sum(one == other for one, other in zip(expected, given, strict=True))
    return {
        **entity_scores.total(counts(data, [sentence.spans for sentence in answers])).scores,
        "token_accuracy": right / max(1, len(expected)),
        "loss": _loss(data, logits, numbers),
    }


def counts(data: TaggedSplit, spans: Sequence[Spans]) -> list[Counts]:
    """Entities of each sentence that are right, found, and expected."""
    return [entity_scores.count(sentence.spans, found) for sentence, found in zip(data.sentences, spans, strict=True)]


def _loss(data: TaggedSplit, logits: Sequence[np.ndarray], numbers: dict[str, int]) -> float:
    targets = [
        numbers[sentence.tags[word]]
        for sentence, encoding in zip(data.sentences, data.encodings, strict=True)
        for word in encoding.first_tokens
    ]
    scores = torch.from_numpy(np.concatenate(logits))
    return float(torch.nn.functional.cross_entropy(scores, torch.tensor(targets)))


def _extend_entities(tags: list[int], read: Sequence[int]) -> None:
    """A word without a token of its own continues the entity before it, up to the last word that is read."""
    known = set(read)
    for word in range(1, max(read, default=0) + 1):
        if word not in known and tags[word - 1]:
            tags[word] = tags[word - 1] + (tags[word - 1] % 2)


def _softmax(scores: np.ndarray) -> np.ndarray:
    high = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(high / high.sum(-1, keepdims=True))
