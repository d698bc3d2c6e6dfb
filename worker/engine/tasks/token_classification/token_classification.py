"""Labelling words: an encoder that judges every token. Entity F1; the baseline is a linear probe on the untouched encoder."""

import json
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from app.catalog import entity_scores
from app.catalog.methods.base import RunContext
from app.catalog.task_types import task_type
from app.catalog.task_types.token_classification import TokenClassification
from worker.engine.batching.batches import MicroBatch, Update, collate
from worker.engine.modeling import adapter_files
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks import forgetting
from worker.engine.tasks.base import READ_OFTEN, SPLITS, Family, reload_failed, require_rows
from worker.engine.tasks.classification.model import PooledClassifier, make_head
from worker.engine.tasks.forgetting_limits import is_wanted
from worker.engine.tasks.linear_probe import Probe
from worker.engine.tasks.token_classification import card, evaluate
from worker.engine.tasks.token_classification.data import (
    NOTHING,
    Tagged,
    collate_targets,
    mark,
    read_sentences,
    tag_names,
)
from worker.engine.tasks.token_classification.evaluate import Answer
from worker.engine.tasks.token_classification.model import Tagger, entities_of, load_tagger
from worker.engine.tasks.token_classification.predict import TagPredictor

RELOAD_TOLERANCE = 1e-3
RELOAD_ROWS = 32
# Training batches that a method may look at hold this many sentences.
CONTEXT_ROWS = 16


class TaggedRows:
    """Training sentences; each word (or piece, where all learn) weighs the same."""

    def __init__(self, data: Tagged, pad_id: int, device: torch.device) -> None:
        self.lengths = data.lengths
        self._tokens, self._targets = data.tokens, data.targets
        self._weights = [sum(target != NOTHING for target in each) for each in data.targets]
        self._pad_id, self._device = pad_id, device

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of words."""
        return max(1, sum(self._weights[row] for portion in update for row in portion))

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`: cross-entropy of the tags."""
        ids, mask = (each.to(self._device) for each in collate(self._tokens, rows, self._pad_id))
        wanted = collate_targets(self._targets, rows, ids.shape[1]).to(self._device)
        logits = model(ids, mask)
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), wanted.flatten(), ignore_index=NOTHING, reduction="sum"
        )

    def inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """Some sentences as arguments of the network."""
        ids, mask = (each.to(self._device) for each in collate(self._tokens, rows, self._pad_id))
        return {"input_ids": ids, "attention_mask": mask}


class Tokens(Family):
    """Encoder and token layer, both inside transformers' own class; what learns is saved by peft with the adapter."""

    model: Tagger
    lessons: TaggedRows
    parts: dict[str, Tagged]
    base_answers: list[Answer]
    test_logits: list[np.ndarray]
    test_answers: list[Answer]
    answer_seconds: float
    knew: torch.Tensor | None = None
    forgotten: dict[str, Any] | None = None

    @property
    def tokenizer(self) -> Any:
        """See :class:`Family`."""
        return self._tokenizer

    @property
    def body(self) -> nn.Module:
        """The whole network: the token layer is a part of it."""
        return self.model.network

    @property
    def tags(self) -> list[str]:
        """The tags in the order of the model's answers."""
        return tag_names(self.order.spec.labels)

    @property
    def pad_id(self) -> int:
        """See :class:`Family`."""
        return int(self._tokenizer.pad_token_id or 0)

    def read(self) -> None:
        """See :class:`Family`."""
        order, training = self.order, self.order.spec.training
        self._tokenizer = load_tokenizer(order.base_folder)
        task = cast(TokenClassification, task_type(order.spec.task_type))
        found = read_sentences(order.rows, order.splits, task, order.spec.columns)
        every = training.label_pieces == "all"
        longest = training.max_length - order.spec.method.virtual_tokens
        self.parts = {}
        for name in SPLITS:
            require_rows(name, found[name])
            self.parts[name] = mark(found[name], self.tags, self._tokenizer, longest, self.report, every=every)
        self.lessons = TaggedRows(self.parts["train"], self.pad_id, self.accelerator.device)
        self._tell_cut()

    def _tell_cut(self) -> None:
        lost = {name: part.cut_rows for name, part in self.parts.items() if part.cut_rows}
        if lost:
            told = ", ".join(f"{count:,} of {name}" for name, count in lost.items())
            self.report.event(
                "notice",
                f"Sentences longer than {self.order.spec.training.max_length} tokens lose their end: {told}. Entities there "
                "are not learned, and count as missed in the test.",
                severity="warning",
                rows=sum(lost.values()),
            )

    def load(self) -> None:
        """See :class:`Family`."""
        self.model = self._load(self.order.spec.base_precision).to(self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`Family`."""
        return self._load(precision).network

    def _load(self, precision: str) -> Tagger:
        return load_tagger(self.order.base_folder, self.tags, precision)

    def measure_base(self) -> None:
        """Fit the probe, note what it marks in the test rows, and let the token layer start from it."""
        self.model.eval()
        training, asked = self.order.spec.training, sum(forgetting.encode(self._tokenizer).lengths)
        if (
            is_wanted(training.measure_forgetting, asked, self.lessons.lengths, training.epochs)
            and self.order.ranks.leads
        ):
            self.knew = self._recall()
        head = self.model.head()
        fresh = {name: value.clone() for name, value in head.state_dict().items()}
        fitted = evaluate.probe(
            self.model, self.parts["train"], len(self.tags), self.pad_id, self.accelerator, self.report
        )
        _put(head, fitted)
        self.base_logits = self._read("test", exact=True)
        self.base_answers = self._answer("test", self.base_logits)
        if self.order.spec.training.head_start == "random":
            head.load_state_dict(fresh)

    def adapt(self, total_steps: int) -> None:
        """See :class:`Family`."""
        method = self.order.spec.method
        self.model.network = method.apply(self.model.network, self._context(total_steps))
        self.model.to(self.accelerator.device)

    def _context(self, total_steps: int) -> RunContext:
        method, seed = self.order.spec.method, self.order.spec.training.seed
        dice = torch.Generator().manual_seed(seed)
        count = len(self.lessons.lengths)
        order = torch.randperm(count, generator=dice).tolist()[: CONTEXT_ROWS * method.batches_wanted]
        drawn = [order[at : at + CONTEXT_ROWS] for at in range(0, len(order), CONTEXT_ROWS)]

        def loss(number: int) -> torch.Tensor:
            self.model.eval()
            return self.lessons.loss(self.model, drawn[number]) / self.lessons.weight([drawn[number]])

        return RunContext(
            total_steps=total_steps,
            seed=seed,
            heads=self.model.heads,
            loss=loss,
            tokenizer=self._tokenizer,
            batches=[self.lessons.inputs(rows) for rows in drawn],
        )

    def read_often(self) -> list[list[int]]:
        """See :class:`Family`."""
        return [row for name in READ_OFTEN for row in self.parts[name].tokens]

    def validate(self) -> dict[str, float]:
        """See :class:`Family`."""
        logits = self._read("validation")
        return evaluate.score(self.parts["validation"], logits, self._answer("validation", logits), self.tags)

    def test(self) -> None:
        """See :class:`Family`."""
        began = time.monotonic()
        self.test_logits = self._read("test", exact=True)
        self.answer_seconds = (time.monotonic() - began) / len(self.test_logits)
        self.test_answers = self._answer("test", self.test_logits)
        if self.knew is not None:
            self.forgotten = forgetting.told(self.knew, self._recall())

    def _recall(self) -> torch.Tensor:
        """What the encoder under the token layer knows of the sentences that measure forgetting."""
        base = self.order.base
        reader = PooledClassifier(self.model.encoder(), make_head(base.hidden_size, 1), base).eval()
        return forgetting.right(reader, self._tokenizer, self.accelerator, self.report)

    def _read(self, name: str, exact: bool = False) -> list[np.ndarray]:
        return evaluate.read_all(self.model, self.parts[name], self.pad_id, self.accelerator, self.report, exact=exact)

    def _answer(self, name: str, logits: list[np.ndarray]) -> list[Answer]:
        return evaluate.answer(self.parts[name], logits, self.order.spec.labels)

    def results(self) -> dict[str, Any]:
        """See :class:`Family`."""
        test, labels = self.parts["test"], self.order.spec.labels
        wanted, given = [each.spans for each in test.sentences], [each.spans for each in self.test_answers]
        return {
            "metrics": evaluate.score(test, self.test_logits, self.test_answers, self.tags),
            "intervals": {"f1": list(entity_scores.f1_interval(evaluate.counts(test, given)))},
            "baseline": {
                "majority": self._score_tags(dict.fromkeys(self._words("test"), "O")),
                "word_list": self._score_tags(self._word_list()),
                "linear_probe": evaluate.score(test, self.base_logits, self.base_answers, self.tags),
            },
            "labels": [*labels, entity_scores.NOTHING],
            "confusion": entity_scores.confusion(wanted, given, labels),
            "per_class": entity_scores.per_type(wanted, given, labels),
            "test_rows": len(test.sentences),
            "test_entities": sum(map(len, wanted)),
            "cut_rows": self.parts["train"].cut_rows,
            "cut_test_rows": test.cut_rows,
            "answer_seconds": self.answer_seconds,
            **({"forgetting": self.forgotten} if self.forgotten else {}),
        }

    def _words(self, name: str) -> list[str]:
        return [word for sentence in self.parts[name].sentences for word in sentence.words]

    def _word_list(self) -> dict[str, str]:
        """The tag that each training word has most often: what a list of names would find."""
        sentences = self.parts["train"].sentences
        return entity_scores.most_common_tag(
            [pair for each in sentences for pair in zip(each.words, each.tags, strict=True)]
        )

    def _score_tags(self, tag_of: dict[str, str]) -> dict[str, float]:
        """Scores of giving every test word its tag from a list, O where it is unknown."""
        test, numbers = self.parts["test"], {tag: number for number, tag in enumerate(self.tags)}
        given, right, total = [], 0, 0
        for sentence in test.sentences:
            tags = [numbers[tag_of.get(word, "O")] for word in sentence.words]
            for at, tag in enumerate(tags):
                if tag and tag % 2 == 0 and (at == 0 or tags[at - 1] not in (tag - 1, tag)):
                    tags[at] = tag - 1
            places = sentence.places
            entities = entities_of(tags, self.order.spec.labels)
            given.append([[places[each.start][0], places[each.end - 1][1], each.label] for each in entities])
            right += sum(one == numbers[other] for one, other in zip(tags, sentence.tags, strict=True))
            total += len(tags)
        scores = entity_scores.total(evaluate.counts(test, given)).scores
        return {**scores, "token_accuracy": right / max(1, total)}

    def write(self, folder: Path, results: dict[str, Any]) -> None:
        """The tags, the card and the example; the token layer is among the adapter's own weights."""
        spec, base = self.order.spec, self.order.base
        adapter_files.write_labels(folder, self.tags)
        example = card.example(spec, base, self.model.heads)
        adapter_files.write_card(folder, card.model_card(spec, base, results), example)

    def check_reload(self, adapter: Path) -> None:
        """See :class:`Family`."""
        some = self.parts["test"].sentences[:RELOAD_ROWS]
        again = TagPredictor(adapter, self.order.base_folder)
        found = again.logits([(each.text, each.places) for each in some])
        pairs = zip(found, self.test_logits, strict=False)
        difference = max((float(np.abs(one - other).max()) for one, other in pairs if one.size), default=0.0)
        if not difference <= RELOAD_TOLERANCE:
            raise reload_failed(f"logits differ by {difference:.4f}")

    def answers(self) -> list[dict[str, Any]]:
        """See :class:`Family`: spans as JSON, the same for the same entities, so that a sentence is right as a whole."""
        test = self.parts["test"]
        rows = zip(test.row_ids, test.sentences, self.base_answers, self.test_answers, strict=True)
        return [
            {
                "split": "test",
                "row_id": row_id,
                "input": sentence.text,
                "expected": _told(sentence.spans),
                "base_answer": _told(base.spans),
                "answer": _told(tuned.spans),
                "score": tuned.sure,
            }
            for row_id, sentence, base, tuned in rows
        ]


def _told(spans: list[list[Any]]) -> str:
    return json.dumps(spans, ensure_ascii=False)


def _put(head: nn.Linear, fitted: Probe) -> None:
    with torch.no_grad():
        head.weight.copy_(fitted.weight)
        head.bias.copy_(fitted.bias)
