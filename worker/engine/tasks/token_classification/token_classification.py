"""Token classification: an encoder with a head over every token. Entity F1; the baseline is a linear probe on the encoder."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from app.catalog import entity_scores
from app.catalog.card import BaseModelCard
from app.catalog.task_types import task_type
from app.catalog.task_types.token_classification import TokenClassification
from app.intervals import pooled_variance_factor
from worker.engine.batching.batches import MicroBatch, Update, collate
from worker.engine.batching.training_rows import SPLITS
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import RunResults, TokenResults
from worker.engine.tasks import forgetting
from worker.engine.tasks.base import (
    RELOAD_ROWS,
    RELOAD_TOLERANCE,
    REPEATED_SPLITS,
    PredictionRow,
    TaskFamily,
    count_by_split,
    list_counts,
    reload_failed,
    require_rows,
)
from worker.engine.tasks.classification.model import PooledClassifier, make_head
from worker.engine.tasks.token_classification import card, evaluate
from worker.engine.tasks.token_classification.data import (
    IGNORED,
    TaggedSplit,
    collate_targets,
    read_sentences,
    tag_names,
    tokenize_and_align,
)
from worker.engine.tasks.token_classification.evaluate import TaggedSentence
from worker.engine.tasks.token_classification.held_out import HeldOutSentences, look_up, score_lookup
from worker.engine.tasks.token_classification.model import Tagger, load_tagger
from worker.engine.tasks.token_classification.predict import TagPredictor


class TaggedRows:
    """Training sentences; each word (or token, where all of them train) weighs the same."""

    def __init__(self, data: TaggedSplit, pad_id: int, device: torch.device) -> None:
        self.lengths = data.lengths
        self._tokens, self._targets = data.tokens, data.targets
        self._weights = [sum(target != IGNORED for target in targets) for targets in data.targets]
        self._pad_id, self._device = pad_id, device

    def begin(self, update: Update) -> None:
        """See :class:`TrainingData`: nothing is shared by the rows of an update."""

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of words."""
        return max(1, sum(self._weights[row] for micro_batch in update for row in micro_batch))

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`: cross-entropy of the tags."""
        ids, mask = (tensor.to(self._device) for tensor in collate(self._tokens, rows, self._pad_id))
        targets = collate_targets(self._targets, rows, ids.shape[1]).to(self._device)
        logits = model(ids, mask)
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )


class Tokens(TaskFamily):
    """Encoder and head, both inside transformers' own class; peft saves what trains with the adapter."""

    model: Tagger
    splits: dict[str, TaggedSplit]
    base_logits: list[np.ndarray]
    base_answers: list[TaggedSentence]
    test_logits: list[np.ndarray]
    test_answers: list[TaggedSentence]
    answer_seconds: float
    # Answers of the folds of a cross-validation, in place of those to the test sentences.
    pooled: HeldOutSentences | None = None

    @property
    def body(self) -> nn.Module:
        """The whole network: the head is a part of it."""
        return self.model.network

    @property
    def starts_from_probe(self) -> bool:
        """See :class:`TaskFamily`."""
        return self.job.spec.training.head_start == "linear-probe"

    def set_body(self, body: nn.Module) -> None:
        """See :class:`TaskFamily`."""
        self.model.network = body

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> TagPredictor:
        """See :class:`TaskFamily`."""
        return TagPredictor(folder, base_folder, device)

    @property
    def tags(self) -> list[str]:
        """The tags in the order of the logits."""
        return tag_names(self.job.spec.labels)

    def read(self) -> None:
        """See :class:`TaskFamily`."""
        spec = self.job.spec
        task = cast(TokenClassification, task_type(spec.task_type))
        sentences = read_sentences(self.job.rows, self.job.splits, task, spec.columns)
        max_length = spec.training.max_length - spec.method.virtual_tokens
        self.splits = {}
        for name in SPLITS:
            require_rows(name, sentences[name])
            self.splits[name] = tokenize_and_align(
                sentences[name],
                self.tags,
                self.tokenizer,
                max_length,
                self.report,
                every_token=spec.training.label_pieces == "all",
            )
        self.training_data = TaggedRows(self.splits["train"], self.pad_id, self.accelerator.device)
        if cut := count_by_split(self.splits, lambda split: split.cut_rows):
            self.warn(
                f"Sentences longer than {spec.training.max_length} tokens lose their end: {list_counts(cut)}. Entities "
                "there are not learned, and count as missed in the test.",
                rows=sum(cut.values()),
            )

    def load(self) -> None:
        """See :class:`TaskFamily`."""
        self.model = self._load(self.job.spec.base_precision).to(self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`TaskFamily`."""
        return self._load(precision).network

    def _load(self, precision: str) -> Tagger:
        return load_tagger(self.job.base_folder, self.tags, precision)

    def measure_base(self) -> None:
        """Fit the linear probe, score it on the test rows, and start the head from it."""
        self.model.eval()
        if self.wants_forgetting(forgetting.encode(self.tokenizer).lengths):
            self.forgetting_baseline = self._correct_answers()
        head = self.model.head()
        random_start = {name: weight.clone() for name, weight in head.state_dict().items()}
        probe = evaluate.probe(self.model, self.splits["train"], len(self.tags), self.evaluation)
        self.report_probe(probe)
        probe.copy_to(head)
        self.base_logits = self._read("test", exact=True)
        self.base_answers = self._answer(self.splits["test"], self.base_logits)
        if not self.starts_from_probe:
            head.load_state_dict(random_start)

    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        ids, mask = self.evaluation.collate(self.splits["train"].tokens, rows)
        return {"input_ids": ids, "attention_mask": mask}

    def extra_context(self) -> dict[str, Any]:
        """See :class:`TaskFamily`: the names of the head."""
        return {"heads": self.model.heads}

    def repeated_rows(self) -> list[list[int]]:
        """See :class:`TaskFamily`."""
        return [row for name in REPEATED_SPLITS for row in self.splits[name].tokens]

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`."""
        logits = self._read("validation")
        return evaluate.score(
            self.splits["validation"], logits, self._answer(self.splits["validation"], logits), self.tags
        )

    def test(self) -> None:
        """See :class:`TaskFamily`."""
        began = time.monotonic()
        self.test_logits = self._read("test", exact=True)
        self.answer_seconds = (time.monotonic() - began) / len(self.test_logits)
        self.test_answers = self._answer(self.splits["test"], self.test_logits)
        if self.forgetting_baseline is not None:
            self.forgetting = forgetting.compare(self.forgetting_baseline, self._correct_answers())

    def _correct_answers(self) -> torch.Tensor:
        """What the encoder below the head knows of the sentences that measure forgetting."""
        base = self.job.base
        reader = PooledClassifier(self.model.encoder(), make_head(base.hidden_size, 1), base).eval()
        return forgetting.correct_answers(reader, self.tokenizer, self.evaluation)

    def _read(self, name: str, *, exact: bool = False) -> list[np.ndarray]:
        return evaluate.read_all(self.model, self.splits[name], self.evaluation, exact=exact)

    def _answer(self, split: TaggedSplit, logits: Sequence[np.ndarray]) -> list[TaggedSentence]:
        return evaluate.answer(split, logits, self.job.spec.labels)

    @property
    def tested(self) -> HeldOutSentences:
        """The sentences that the results are about, with their answers."""
        if self.pooled:
            return self.pooled
        test, tags = self.splits["test"], self.tags
        lookups = {
            "majority": look_up(test.sentences, {}, tags),
            "word_list": look_up(test.sentences, self._commonest_tags(), tags),
        }
        return HeldOutSentences(test, self.test_logits, self.base_logits, lookups)

    def held_out(self) -> dict[str, Any]:
        """See :class:`TaskFamily`."""
        return self.tested.as_json()

    def pool(self, folds: Sequence[dict[str, Any]]) -> None:
        """See :class:`TaskFamily`."""
        self.pooled = HeldOutSentences.joined(folds, list(self.splits.values()))
        self.variance_factor = pooled_variance_factor(len(folds))
        self.base_answers = self._answer(self.pooled.split, self.pooled.base_logits)
        self.test_answers = self._answer(self.pooled.split, self.pooled.logits)

    def results(self) -> TokenResults:
        """See :class:`TaskFamily`."""
        tested, labels = self.tested, self.job.spec.labels
        test = tested.split
        expected = [sentence.spans for sentence in test.sentences]
        found = [answer.spans for answer in self.test_answers]
        interval = entity_scores.f1_interval(evaluate.counts(test, found), factor=self.variance_factor)
        return TokenResults(
            metrics=evaluate.score(test, tested.logits, self.test_answers, self.tags),
            intervals={"f1": list(interval)},
            baseline={
                **{name: score_lookup(test, given, self.tags, labels) for name, given in tested.lookups.items()},
                "linear_probe": evaluate.score(test, tested.base_logits, self.base_answers, self.tags),
            },
            labels=[*labels, entity_scores.NOTHING],
            confusion=entity_scores.confusion(expected, found, labels),
            per_class=entity_scores.per_type(expected, found, labels),
            test_rows=len(test.sentences),
            test_entities=sum(map(len, expected)),
            cut_rows=self.splits["train"].cut_rows,
            cut_test_rows=test.cut_rows,
            answer_seconds=self.answer_seconds,
            forgetting=self.forgetting,
        )

    def _commonest_tags(self) -> dict[str, str]:
        """The tag that each training word has most often."""
        return entity_scores.most_common_tag(
            [
                pair
                for sentence in self.splits["train"].sentences
                for pair in zip(sentence.words, sentence.tags, strict=True)
            ]
        )

    def write_head(self, folder: Path) -> None:
        """The tags; the head is among the adapter's own weights."""
        adapter_files.write_labels(folder, self.tags)

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        spec, base = self.job.spec, self.job.base
        example = card.example(spec, base, self.model.heads)
        adapter_files.write_card(folder, card.model_card(spec, base, results), example)

    def check_reload(self, adapter: Path) -> None:
        """See :class:`TaskFamily`."""
        sentences = self.splits["test"].sentences[:RELOAD_ROWS]
        predictor = TagPredictor(adapter, self.job.base_folder)
        logits = predictor.logits([(sentence.text, sentence.places) for sentence in sentences])
        pairs = zip(logits, self.test_logits, strict=False)
        difference = max((float(np.abs(one - other).max()) for one, other in pairs if one.size), default=0.0)
        if not difference <= RELOAD_TOLERANCE:
            raise reload_failed(f"logits differ by {difference:.4f}")

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`: spans as JSON, equal for equal entities, so that a sentence is right as a whole."""
        test = self.tested.split
        for row_id, sentence, base, tuned in zip(
            test.row_ids, test.sentences, self.base_answers, self.test_answers, strict=True
        ):
            spans = (_as_json(sentence.spans), _as_json(base.spans), _as_json(tuned.spans))
            yield PredictionRow(row_id, sentence.text, *spans, tuned.probability)


def _as_json(spans: list[list[Any]]) -> str:
    return json.dumps(spans, ensure_ascii=False)
