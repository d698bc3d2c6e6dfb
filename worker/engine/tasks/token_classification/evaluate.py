"""Reads sentences with a tagger without learning: logits of every word, scores, and the probe that its answers start from."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from app.catalog import entity_scores
from app.catalog.entity_scores import Counts
from app.run_report import Report
from worker.engine.batching.batches import READING_BUDGET, TOKEN_BUDGET, collate, plan_reading
from worker.engine.tasks.linear_probe import Probe, fit_probe
from worker.engine.tasks.token_classification.data import Tagged
from worker.engine.tasks.token_classification.model import Tagger, decode, entities_of

# More words than these teach the probe little and cost minutes.
PROBE_WORDS = 20_000

Spans = list[list[Any]]


@dataclass(frozen=True)
class Answer:
    """What was marked in one sentence: ``spans`` in characters with their certainties, and the tag of every word.

    ``sure`` is the probability of the least certain word's tag.
    """

    spans: Spans
    certainties: list[float]
    tags: list[int]
    sure: float


@torch.no_grad()
def read_all(
    model: Tagger, data: Tagged, pad_id: int, accelerator: Accelerator, report: Report, *, exact: bool = False
) -> list[np.ndarray]:
    """Logits (words that are read, tags) of each sentence, in fp32.

    Args:
        exact: compute in fp32 although the run trains in bf16.
    """
    found: dict[int, np.ndarray] = {}
    for rows in plan_reading(data.lengths, READING_BUDGET.get(accelerator.device.type, TOKEN_BUDGET)):
        report.stop_if_asked()
        ids, mask = (each.to(accelerator.device) for each in collate(data.tokens, rows, pad_id))
        with nullcontext() if exact else accelerator.autocast():
            # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
            logits = Tagger.forward(model, ids, mask).cpu()
        for at, row in enumerate(rows):
            found[row] = logits[at, list(data.pieces[row].firsts.values())].numpy()
    return [found[row] for row in range(len(data.sentences))]


@torch.no_grad()
def probe(model: Tagger, data: Tagged, tag_count: int, pad_id: int, accelerator: Accelerator, report: Report) -> Probe:
    """A linear probe on the untouched model's token vectors, fitted on the training words, evenly drawn if they are many."""
    words = [(row, place) for row, each in enumerate(data.pieces) for place in each.firsts.values()]
    step = max(1, len(words) // PROBE_WORDS)
    wanted: dict[int, list[int]] = {}
    for row, place in words[::step]:
        wanted.setdefault(row, []).append(place)
    vectors: list[torch.Tensor] = []
    labels: list[int] = []
    chosen = list(wanted)
    for portion in plan_reading([data.lengths[row] for row in chosen]):
        report.stop_if_asked()
        rows = [chosen[number] for number in portion]
        ids, mask = (each.to(accelerator.device) for each in collate(data.tokens, rows, pad_id))
        with accelerator.autocast():
            seen = model.vectors(ids, mask).cpu()
        for at, row in enumerate(rows):
            vectors.append(seen[at, wanted[row]])
            labels += [data.targets[row][place] for place in wanted[row]]
    return fit_probe(torch.cat(vectors), labels, tag_count)


def answer(data: Tagged, logits: Sequence[np.ndarray], labels: Sequence[str]) -> list[Answer]:
    """What was marked in each sentence; words that were not read have nothing."""
    told = []
    for sentence, pieces, scores in zip(data.sentences, data.pieces, logits, strict=True):
        words = list(pieces.firsts)
        tags = [0] * len(sentence.places)
        chances = [1.0] * len(sentence.places)
        likely = _softmax(scores)
        for at, (word, tag) in enumerate(zip(words, decode(scores), strict=True)):
            tags[word], chances[word] = tag, float(likely[at, tag])
        _carry_on(tags, words)
        entities = entities_of(tags, labels)
        spans = [[sentence.places[each.start][0], sentence.places[each.end - 1][1], each.label] for each in entities]
        sure = [sum(chances[each.start : each.end]) / (each.end - each.start) for each in entities]
        told.append(Answer(spans, sure, tags, min(chances, default=1.0)))
    return told


def score(
    data: Tagged, logits: Sequence[np.ndarray], answers: Sequence[Answer], tags: Sequence[str]
) -> dict[str, float]:
    """``f1``, ``precision``, ``recall``, ``token_accuracy`` over words, and ``loss``: mean cross-entropy (nats) of a word."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    wanted = [numbers[tag] for sentence in data.sentences for tag in sentence.tags]
    given = [tag for each in answers for tag in each.tags]
    right = sum(one == other for one, other in zip(wanted, given, strict=True))
    return {
        **entity_scores.total(counts(data, [each.spans for each in answers])).scores,
        "token_accuracy": right / max(1, len(wanted)),
        "loss": _loss(data, logits, numbers),
    }


def counts(data: Tagged, spans: Sequence[Spans]) -> list[Counts]:
    """Entities of each sentence that are right, marked, and wanted."""
    return [entity_scores.count(one.spans, other) for one, other in zip(data.sentences, spans, strict=True)]


def _loss(data: Tagged, logits: Sequence[np.ndarray], numbers: dict[str, int]) -> float:
    wanted = [
        numbers[sentence.tags[word]]
        for sentence, pieces in zip(data.sentences, data.pieces, strict=True)
        for word in pieces.firsts
    ]
    scores = torch.from_numpy(np.concatenate(logits))
    return float(torch.nn.functional.cross_entropy(scores, torch.tensor(wanted)))


def _carry_on(tags: list[int], read: Sequence[int]) -> None:
    """A word without a piece of its own belongs to the piece before it, up to the last word that is read."""
    known = set(read)
    for word in range(1, max(read, default=0) + 1):
        if word not in known and tags[word - 1]:
            tags[word] = tags[word - 1] + (tags[word - 1] % 2)


def _softmax(scores: np.ndarray) -> np.ndarray:
    high = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(high / high.sum(-1, keepdims=True))
