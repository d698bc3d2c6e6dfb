"""Writing text: a causal language model that learns answers, or running text. Perplexity, and answers beside the base's."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from app.catalog.chat_templates import PLAIN_TURNS_NAME, read_template
from app.catalog.loss_mask import LossMasker, plain
from app.catalog.methods.base import RunContext
from app.catalog.task_types import task_type
from app.catalog.task_types.generative import SYSTEM, GenerativeTask
from worker.engine.batching.batches import MicroBatch, Update
from worker.engine.batching.packing import NOTHING, make_batch
from worker.engine.modeling import adapter_files
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.runtime.distributed import ALONE, ProcessGroup
from worker.engine.tasks.base import READ_OFTEN, SPLITS, Family, reload_failed, require_rows
from worker.engine.tasks.forgetting_limits import is_wanted
from worker.engine.tasks.generation import card, general_text_loss
from worker.engine.tasks.generation.data import TokenizedExample, TokenizedSplit, read_examples, tokenize_and_mask
from worker.engine.tasks.generation.evaluate import read_all
from worker.engine.tasks.generation.model import CausalLM, keeps_apart, load_decoder
from worker.engine.tasks.generation.samples import SamplePrompt, answer_all, end_tokens, make_questions
from worker.engine.tasks.generation.text_scores import RowScores, change_interval, exact, rouge_l

# Held-out questions that base and tuned model answer in full; the scores over all rows need no answers.
ANSWERED_ROWS = 24
# Shorter, fewer and from the validation rows: what every check shows, for people to watch the answers change.
SHOWN_ROWS, SHOWN_TOKENS = 4, 40
RELOAD_ROWS, RELOAD_ANSWERS = 8, 2
RELOAD_TOLERANCE = 1e-3
# Training batches that a method may look at hold this many examples.
CONTEXT_ROWS = 4


class Examples:
    """Training examples; each token that is to be predicted weighs the same."""

    def __init__(self, examples: list[TokenizedExample], pad_id: int, device: torch.device) -> None:
        self.lengths = [len(each.ids) for each in examples]
        self.packed = True
        self._examples, self._pad_id, self._device = examples, pad_id, device

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of tokens to be predicted."""
        return sum(self._examples[row].weight for portion in update for row in portion)

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`: cross-entropy of the next tokens."""
        batch = make_batch([self._examples[row] for row in rows], self._pad_id, packed=self.packed).to(self._device)
        wanted = batch.targets[batch.targets != NOTHING]
        return nn.functional.cross_entropy(model(batch), wanted, reduction="sum")


class Generation(Family):
    """A decoder; the baseline is the untouched decoder on the same rows."""

    model: CausalLM
    lessons: Examples
    parts: dict[str, TokenizedSplit]
    marker: LossMasker
    base_scores: RowScores
    test_scores: RowScores
    knew: RowScores | None = None
    forgotten: dict[str, Any] | None = None

    @property
    def tokenizer(self) -> Any:
        """See :class:`Family`."""
        return self._tokenizer

    @property
    def body(self) -> nn.Module:
        """The decoder."""
        return self.model.decoder

    @property
    def task(self) -> GenerativeTask:
        """The task, which knows what a row teaches."""
        return cast(GenerativeTask, task_type(self.order.spec.task_type))

    def read(self) -> None:
        """See :class:`Family`."""
        order, training = self.order, self.order.spec.training
        self._tokenizer = load_tokenizer(order.base_folder)
        template = read_template(order.base_folder)
        self.marker = LossMasker(plain(self._tokenizer.backend_tokenizer), template, training.learn_from)
        if template.name == PLAIN_TURNS_NAME:
            # Travels with the download, so that every program writes conversations as they were learned.
            self._tokenizer.chat_template = template.source
        longest = training.max_length - order.spec.method.virtual_tokens
        found = read_examples(order.rows, order.splits, self.task, order.spec.columns)
        self.parts = {
            name: tokenize_and_mask(found[name], self.marker, longest, self.report, order.cache, self._key(name))
            for name in SPLITS
        }
        self._tell_cut()
        for name in SPLITS:
            require_rows(name, self.parts[name].examples)
        self.lessons = Examples(self.parts["train"].examples, self.pad_id, self.accelerator.device)
        self.questions = make_questions(
            self.parts["test"].examples, self.marker, self._tokenizer, order.base.context_length, ANSWERED_ROWS
        )
        self.shown = self._choose_shown()
        if self.parts["test"].examples[0].lesson.turns:
            self.report.event("notice", f"Conversations are written by the chat template: {template.name}.")

    def _key(self, split: str) -> str:
        """The name of a split's content: the data, and how its rows are read as lessons."""
        spec = self.order.spec
        if not spec.dataset_sha256:
            return ""
        return f"{spec.dataset_sha256}/{split}/{spec.task_type}/{json.dumps(spec.columns, sort_keys=True)}"

    def _choose_shown(self) -> list[SamplePrompt]:
        """The first validation questions that differ from one another."""
        context = self.order.base.context_length
        some = make_questions(self.parts["validation"].examples, self.marker, self._tokenizer, context, ANSWERED_ROWS)
        return list({each.text: each for each in reversed(some)}.values())[::-1][:SHOWN_ROWS]

    @property
    def pad_id(self) -> int:
        """See :class:`Family`."""
        known = (self._tokenizer.pad_token_id, self._tokenizer.eos_token_id, 0)
        return next(each for each in known if each is not None)

    def _tell_cut(self) -> None:
        part, longest = self.parts["train"], self.order.spec.training.max_length
        if part.cut_rows:
            self._warn(f"{part.cut_rows:,} training conversations are longer than {longest} tokens and lose their end.")
        lost = {name: each.left_out for name, each in self.parts.items() if each.left_out}
        if lost:
            told = ", ".join(f"{count:,} of {name}" for name, count in lost.items())
            self._warn(
                f"Rows without anything to learn within {longest} tokens are left out: {told}. "
                "Raise the longest text to use them."
            )

    def _warn(self, message: str) -> None:
        self.report.event("notice", message, severity="warning")

    def load(self) -> None:
        """See :class:`Family`; also tries whether this model can read packed examples."""
        order = self.order
        decoder = self.load_body(order.spec.base_precision)
        self.model = CausalLM(decoder).to(self.accelerator.device)
        self.lessons.packed = keeps_apart(self.model, self.accelerator.device)
        if not self.lessons.packed:
            self._warn("This model cannot read several examples in one row; they are padded instead, which is slower.")
        self._check_end(end_tokens(decoder, self._tokenizer))

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`Family`."""
        return load_decoder(self.order.base_folder, self.order.base, precision)

    def _check_end(self, ends: set[int]) -> None:
        """Answers that do not end in a mark teach the model never to stop."""
        answers = [each for each in self.parts["train"].examples[:50] if each.lesson.turns]
        taught = {token for each in answers for token, on in zip(each.ids, each.learned, strict=True) if on}
        if answers and not taught & ends:
            self._warn(
                "No answer ends in a token that ends the model's writing, so the tuned model may not know when to stop. "
                "Its chat template writes another end mark than the model was made with."
            )

    def measure_base(self) -> None:
        """See :class:`Family`."""
        if not self.order.ranks.leads:
            return
        self.model.eval()
        self.base_scores = self._read("test", exact=True)
        texts, training = general_text_loss.examples(self._tokenizer, self._longest), self.order.spec.training
        if is_wanted(
            training.measure_forgetting, sum(len(each.ids) for each in texts), self.lessons.lengths, training.epochs
        ):
            self.knew = self._foresee(texts)
        self.base_answers = self._answer(soft=False)
        self.shown_by_base = self._show(soft=False)

    def adapt(self, total_steps: int) -> None:
        """See :class:`Family`."""
        method = self.order.spec.method
        self.model.decoder = method.apply(self.model.decoder, self._context(total_steps))
        self.model.to(self.accelerator.device)
        # A soft prompt stands once before each row, so a row can hold only one example; this finds out.
        self.lessons.packed &= not method.virtual_tokens and keeps_apart(self.model, self.accelerator.device)

    def _context(self, total_steps: int) -> RunContext:
        method, seed = self.order.spec.method, self.order.spec.training.seed
        dice = torch.Generator().manual_seed(seed)
        examples = self.parts["train"].examples
        order = torch.randperm(len(examples), generator=dice).tolist()[: CONTEXT_ROWS * method.batches_wanted]
        drawn = [order[at : at + CONTEXT_ROWS] for at in range(0, len(order), CONTEXT_ROWS)]
        batches = []
        for rows in drawn:
            batch = make_batch([examples[row] for row in rows], self.pad_id, packed=False).to(self.accelerator.device)
            assert batch.mask is not None
            batches.append({"input_ids": batch.ids, "attention_mask": batch.mask})

        def loss(number: int) -> torch.Tensor:
            self.model.eval()
            return self.lessons.loss(self.model, drawn[number]) / self.lessons.weight([drawn[number]])

        return RunContext(total_steps=total_steps, seed=seed, batches=batches, loss=loss, tokenizer=self._tokenizer)

    def read_often(self) -> list[list[int]]:
        """See :class:`Family`."""
        return [each.ids for name in READ_OFTEN for each in self.parts[name].examples]

    def validate(self) -> dict[str, float]:
        """See :class:`Family`."""
        return self._read("validation", ranks=self.order.ranks).summary()

    def show(self, step: int) -> None:
        """See :class:`Family`: a few short answers beside the base's. The likeliest token each time, so chance is untouched."""
        answers = self._show(soft=not self.lessons.packed)
        for asked, base, tuned in zip(self.shown, self.shown_by_base, answers, strict=True):
            self.report.generation_sample(
                step, asked.row_id, input=asked.text, expected=asked.reference, base_answer=base, answer=tuned
            )

    def _show(self, *, soft: bool) -> list[str]:
        options: dict[str, Any] = {"at_once": 1} if soft else {}
        context = self.order.base.context_length
        return answer_all(self.model.decoder, self.shown, self._tokenizer, context, most_tokens=SHOWN_TOKENS, **options)

    def test(self) -> None:
        """See :class:`Family`."""
        self.test_scores = self._read("test", exact=True)
        self.test_answers = self._answer(soft=not self.lessons.packed)
        if self.knew is not None:
            after = self._foresee(general_text_loss.examples(self._tokenizer, self._longest))
            self.forgotten = general_text_loss.told(self.knew, after)

    @property
    def _longest(self) -> int:
        """Tokens of a text that the model reads beside what the method puts before it."""
        return self.order.base.context_length - self.order.spec.method.virtual_tokens

    def _foresee(self, texts: list[TokenizedExample]) -> RowScores:
        return general_text_loss.losses(
            self.model, texts, self.pad_id, self.accelerator, self.report, packed=self.lessons.packed
        )

    def _read(self, name: str, exact: bool = False, ranks: ProcessGroup = ALONE) -> RowScores:
        return read_all(
            self.model,
            self.parts[name].examples,
            self.pad_id,
            self.accelerator,
            self.report,
            packed=self.lessons.packed,
            exact=exact,
            ranks=ranks,
        )

    def _answer(self, *, soft: bool) -> list[str]:
        questions = self.questions[: ANSWERED_ROWS // 3] if soft else self.questions
        options: dict[str, Any] = {"at_once": 1} if soft else {}
        return answer_all(self.model.decoder, questions, self._tokenizer, self.order.base.context_length, **options)

    def results(self) -> dict[str, Any]:
        """See :class:`Family`."""
        tuned, base = self.test_scores, self.base_scores
        return {
            "metrics": {**tuned.summary(), **_overlap(self.questions, self.test_answers)},
            "intervals": {"perplexity": tuned.interval()},
            "baseline": {"untouched": {**base.summary(), **_overlap(self.questions, self.base_answers)}},
            "change": {
                "loss": tuned.summary()["loss"] - base.summary()["loss"],
                "interval": change_interval(tuned, base),
            },
            "labels": [],
            "template": self.marker.template.name,
            "system_prompt": self._system_prompt(),
            "packed": self.lessons.packed,
            "test_rows": len(self.parts["test"].examples),
            "test_tokens": int(tuned.tokens.sum()),
            "answered_rows": len(self.test_answers),
            "cut_rows": self.parts["train"].cut_rows,
            "left_out_rows": sum(each.left_out for each in self.parts.values()),
            **({"forgetting": self.forgotten} if self.forgotten else {}),
        }

    def _system_prompt(self) -> str:
        """What most training conversations begin with; empty when most have no system message."""
        openings = Counter(
            each.lesson.turns[0].content if each.lesson.turns and each.lesson.turns[0].role == SYSTEM else ""
            for each in self.parts["train"].examples
        )
        return openings.most_common(1)[0][0]

    def write(self, folder: Path, results: dict[str, Any]) -> None:
        """The card and the example."""
        spec, base = self.order.spec, self.order.base
        example = card.example(spec, base, self._system_prompt())
        adapter_files.write_card(folder, card.model_card(spec, base, results), example)

    def check_reload(self, adapter: Path) -> None:
        """See :class:`Family`: the same likelihoods, and the same words."""
        order, method = self.order, self.order.spec.method
        fresh = method.load(self.load_body(order.spec.base_precision), adapter)
        again = CausalLM(fresh).to(self.accelerator.device).eval()
        some = self.parts["test"].examples[:RELOAD_ROWS]
        scores = read_all(
            again, some, self.pad_id, self.accelerator, self.report, packed=self.lessons.packed, exact=True
        )
        per_token = abs(scores.losses - self.test_scores.losses[: len(some)]) / scores.tokens
        if float(per_token.max()) > RELOAD_TOLERANCE:
            raise reload_failed(f"losses differ by {float(per_token.max()):.4f} per token")
        asked = self.questions[:RELOAD_ANSWERS]
        options = (self._tokenizer, order.base.context_length)
        words = [answer_all(each, asked, *options, at_once=1) for each in (fresh, self.model.decoder)]
        if words[0] != words[1]:
            raise reload_failed("it writes other words")

    def answers(self) -> list[dict[str, Any]]:
        """Questions with the base's and the tuned answer; the score is ROUGE-L against the reference."""
        rows = zip(self.questions, self.base_answers, self.test_answers, strict=False)
        return [
            {
                "split": "test",
                "row_id": asked.row_id,
                "input": asked.text,
                "expected": asked.reference,
                "base_answer": base,
                "answer": tuned,
                "score": rouge_l(asked.reference, tuned),
            }
            for asked, base, tuned in rows
        ]


def _overlap(questions: list[SamplePrompt], answers: list[str]) -> dict[str, float]:
    pairs = [(asked.reference, given) for asked, given in zip(questions, answers, strict=False)]
    if not pairs:
        return {}
    return {
        "rouge_l": sum(rouge_l(*pair) for pair in pairs) / len(pairs),
        "exact_match": sum(exact(*pair) for pair in pairs) / len(pairs),
    }
