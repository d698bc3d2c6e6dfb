"""Text generation: a causal language model that learns answers or running text. Perplexity, and answers beside the base's."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from app.catalog.chat_templates import PLAIN_TURNS_NAME, read_template
from app.catalog.loss_mask import ANSWERS, LossMasker, Masker, plain
from app.catalog.task_types import task_type
from app.catalog.task_types.generative import SYSTEM, GenerativeTask
from worker.engine.batching.batches import MicroBatch
from worker.engine.batching.token_cache import TokenCache
from worker.engine.batching.training_rows import SPLITS
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import GenerationResults, RunResults, TaskResults
from worker.engine.tasks.base import (
    RELOAD_TOLERANCE,
    REPEATED_SPLITS,
    PredictionRow,
    TaskFamily,
    count_by_split,
    list_counts,
    reload_failed,
    require_rows,
)
from worker.engine.tasks.generation import answer_checks, card, few_shot, general_text_loss
from worker.engine.tasks.generation.data import (
    ExampleRow,
    TokenizedExample,
    TokenizedSplit,
    read_examples,
    tokenize_and_mask,
)
from worker.engine.tasks.generation.evaluate import read_all
from worker.engine.tasks.generation.few_shot import FewShot
from worker.engine.tasks.generation.model import CausalLM, WritingModel, keeps_apart, load_decoder
from worker.engine.tasks.generation.samples import Generator, SamplePrompt, end_tokens, make_prompts
from worker.engine.tasks.generation.text_scores import RowScores, change_interval, exact, perplexity, rouge_l
from worker.engine.tasks.generation.training_examples import Examples

# Held-out prompts that base and tuned model answer in full; the scores over all rows need no answers.
ANSWERED_ROWS = 24
# Shorter, fewer and from the validation rows: the samples of every evaluation.
SAMPLED_ROWS, SAMPLED_TOKENS = 4, 40
RELOAD_ROWS, RELOAD_ANSWERS = 8, 2


class Generation(TaskFamily):
    """A decoder; the baseline is the base model's decoder on the same rows."""

    model: WritingModel
    training_data: Examples
    splits: dict[str, TokenizedSplit]
    masker: Masker
    base_scores: RowScores
    test_scores: RowScores
    few_shot: FewShot | None = None
    context_rows = 4

    @property
    def body(self) -> nn.Module:
        """The network that writes."""
        return self.model.core()

    def set_body(self, body: nn.Module) -> None:
        """See :class:`TaskFamily`."""
        cast(CausalLM, self.model).decoder = body

    @property
    def task(self) -> GenerativeTask:
        """The task, which says how a row becomes an example."""
        return cast(GenerativeTask, task_type(self.job.spec.task_type))

    @property
    def pad_id(self) -> int:
        """See :class:`TaskFamily`."""
        known = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return next(token for token in known if token is not None)

    def read(self) -> None:
        """See :class:`TaskFamily`."""
        self.masker = self.open_masker()
        examples = read_examples(self.job.rows, self.job.splits, self.task, self.job.spec)
        self.splits = {name: self.tokenize(name, examples[name]) for name in SPLITS}
        self.report_cut()
        for name in SPLITS:
            require_rows(name, self.splits[name].examples)
        self.training_data = self.open_training_data(self.splits["train"].examples)
        self.prompts = self.make_prompts("test")
        # The first validation prompts that differ from one another.
        validation = {prompt.text: prompt for prompt in reversed(self.make_prompts("validation"))}
        self.sample_prompts = list(validation.values())[::-1][:SAMPLED_ROWS]
        if self.masker.template_name and self.splits["test"].examples[0].example.turns:
            self.report.event("notice", f"Conversations are written by the chat template: {self.masker.template_name}.")

    def open_masker(self) -> Masker:
        """What makes tokens of examples."""
        template = read_template(self.job.base_folder)
        if template.name == PLAIN_TURNS_NAME:
            # Travels with the download, so that every program writes conversations as they were learned.
            self.tokenizer.chat_template = template.source
        return LossMasker(plain(self.tokenizer.backend_tokenizer), template, self.job.spec.training.learn_from)

    def tokenize(self, name: str, examples: Sequence[ExampleRow]) -> TokenizedSplit:
        """A split as tokens, cut at the maximum length."""
        max_length = self.job.spec.training.max_length - self.job.spec.method.virtual_tokens
        return tokenize_and_mask(examples, self.masker, max_length, self.report, self._token_cache(name))

    def open_training_data(self, examples: list[TokenizedExample]) -> Examples:
        """The training rows for the loop."""
        return Examples(examples, self.pad_id, self.accelerator.device)

    def _token_cache(self, split: str) -> TokenCache:
        """Tokens depend on the data and on how its rows become examples."""
        spec = self.job.spec
        prefix = spec.training.source_prefix
        how = (
            f"{split}/{spec.task_type}/{json.dumps(spec.columns, sort_keys=True)}{json.dumps(prefix) if prefix else ''}"
        )
        return TokenCache(self.job.cache, f"{spec.dataset_sha256}/{how}" if spec.dataset_sha256 else "")

    def make_prompts(self, split: str) -> list[SamplePrompt]:
        """Questions of a split that are answered in full."""
        return make_prompts(
            self.splits[split].examples, self.masker, self.tokenizer, self.job.base.context_length, ANSWERED_ROWS
        )

    def report_cut(self) -> None:
        """Say what the maximum length costs."""
        if cut := self.splits["train"].cut_rows:
            length = self.job.spec.training.max_length
            self.warn(f"{cut:,} training conversations are longer than {length} tokens and lose their end.")
        self.report_left_out()

    def report_left_out(self) -> None:
        """Say how many rows have nothing to learn."""
        if left_out := count_by_split(self.splits, lambda split: split.left_out):
            within = f"Rows without anything to learn within {self.job.spec.training.max_length} tokens"
            self.warn(f"{within} are left out: {list_counts(left_out)}. Raise the longest text to use them.")

    def load(self) -> None:
        """See :class:`TaskFamily`; also tries whether this model can read packed examples."""
        decoder = self.load_body(self.job.spec.base_precision)
        self.model = self.open_model(decoder).to(self.accelerator.device)
        self.training_data.packed = self.can_pack()
        if not self.training_data.packed:
            self.warn("This model cannot read several examples in one row; they are padded instead, which is slower.")
        self.check_end(decoder)

    def open_model(self, body: nn.Module) -> WritingModel:
        """The model around a body."""
        return CausalLM(body)

    def can_pack(self) -> bool:
        """Whether the model as it is reads several examples in one row as each alone."""
        return keeps_apart(cast(CausalLM, self.model), self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`TaskFamily`."""
        return load_decoder(self.job.base_folder, self.job.base, precision)

    def check_end(self, body: nn.Module) -> None:
        """Answers that do not end in an end token teach the model never to stop."""
        ends = end_tokens(body, self.tokenizer)
        conversations = [example for example in self.splits["train"].examples[:50] if example.example.turns]
        predicted = {
            token
            for example in conversations
            for token, masked in zip(example.ids, example.loss_mask, strict=True)
            if masked
        }
        if conversations and not predicted & ends:
            self.warn(
                "No answer ends in a token that ends the model's writing, so the tuned model may not know when to stop. "
                "Its chat template writes another end mark than the model was made with."
            )

    def measure_base(self) -> None:
        """See :class:`TaskFamily`."""
        if not self.accelerator.is_main_process:
            return
        self.model.eval()
        self.base_scores = self._read("test", exact=True)
        self.measure_general_text()
        self.base_answers = self.generate(self.prompts)
        self.base_samples = self.generate(self.sample_prompts, SAMPLED_TOKENS)
        self.few_shot = self.measure_few_shot()

    def measure_general_text(self) -> None:
        """What the base model makes of the texts that measure forgetting, if that is wanted."""
        texts = general_text_loss.make_examples(self.tokenizer, self._context_length)
        if self.wants_forgetting([len(text.ids) for text in texts]):
            self.forgetting_baseline = self._score(texts)

    def measure_few_shot(self) -> FewShot | None:
        """The base model with examples in the prompt; None where that cannot be held against the run."""
        if self.job.spec.training.learn_from != ANSWERS:
            return None
        train, test = self.splits["train"].examples, self.splits["test"].examples
        masker = cast(LossMasker, self.masker)
        found = few_shot.attempt(train, test, self.prompts, masker, self.job.base.context_length)
        if found is None:
            return None
        scores = self._score(found.examples, exact=True)
        return replace(found, scores=scores, answers=tuple(self.generate(found.prompts)))

    def adapt(self, total_steps: int) -> None:
        """See :class:`TaskFamily`."""
        super().adapt(total_steps)
        # A soft prompt stands once before each row, so a row can hold only one example.
        soft_prompt = bool(self.job.spec.method.virtual_tokens)
        self.training_data.packed &= not soft_prompt and self.can_pack()

    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        examples = [self.splits["train"].examples[row] for row in rows]
        batch = CausalLM.make_batch(examples, self.pad_id, packed=False).to(self.accelerator.device)
        assert batch.mask is not None
        return {"input_ids": batch.ids, "attention_mask": batch.mask}

    def repeated_rows(self) -> list[list[int]]:
        """See :class:`TaskFamily`."""
        return [example.ids for name in REPEATED_SPLITS for example in self.splits[name].examples]

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`."""
        return self._read("validation", sharded=True).summary()

    def report_samples(self, step: int) -> None:
        """See :class:`TaskFamily`: a few short answers beside the base's, by greedy decoding, which draws no random number."""
        answers = self.generate(self.sample_prompts, SAMPLED_TOKENS, single=not self.training_data.packed)
        for prompt, base, tuned in zip(self.sample_prompts, self.base_samples, answers, strict=True):
            self.report.generation_sample(
                step, prompt.row_id, input=prompt.text, expected=prompt.reference, base_answer=base, answer=tuned
            )

    def test(self) -> None:
        """See :class:`TaskFamily`."""
        self.test_scores = self._read("test", exact=True)
        self.test_answers = self.answer_test()
        if self.forgetting_baseline is not None:
            after = self._score(general_text_loss.make_examples(self.tokenizer, self._context_length))
            self.forgetting = general_text_loss.compare(self.forgetting_baseline, after)

    def answer_test(self) -> list[str]:
        """The tuned model's answers to the questions of the test rows, or to the first of them."""
        single = not self.training_data.packed
        return self.generate(self.prompts[: ANSWERED_ROWS // 3] if single else self.prompts, single=single)

    @property
    def _context_length(self) -> int:
        """Tokens of a text that fit into the model beside a soft prompt."""
        return self.job.base.context_length - self.job.spec.method.virtual_tokens

    def _read(self, name: str, *, exact: bool = False, sharded: bool = False) -> RowScores:
        return self._score(self.splits[name].examples, exact=exact, sharded=sharded)

    def _score(self, examples: list[TokenizedExample], *, exact: bool = False, sharded: bool = False) -> RowScores:
        packed = self.training_data.packed
        return read_all(self.model, examples, self.evaluation, packed=packed, exact=exact, sharded=sharded)

    def generate(
        self, prompts: Sequence[SamplePrompt], max_tokens: int | None = None, *, single: bool = False
    ) -> list[str]:
        """Answers; ``single`` gives each prompt a batch of its own, because padding would shift a soft prompt."""
        return self.generator(self.body, single=single).answer(prompts, max_tokens)

    def generator(self, decoder: nn.Module, *, single: bool) -> Generator:
        """What writes answers with a body."""
        return Generator(decoder, self.tokenizer, self.job.base.context_length, **({"batch_rows": 1} if single else {}))

    def results(self) -> TaskResults:
        """See :class:`TaskFamily`."""
        tuned, base = self.test_scores, self.base_scores
        return GenerationResults(
            metrics={**tuned.summary(), **_overlap(self.prompts, self.test_answers)},
            intervals={"perplexity": tuned.interval()},
            baseline={
                "untouched": {**base.summary(), **_overlap(self.prompts, self.base_answers)},
                **self._few_shot_scores(),
            },
            changes=self._few_shot_change(),
            change={
                "loss": tuned.summary()["loss"] - base.summary()["loss"],
                "interval": change_interval(tuned, base),
            },
            labels=[],
            template=self.masker.template_name,
            system_prompt=self._system_prompt(),
            packed=self.training_data.packed,
            test_rows=len(self.splits["test"].examples),
            test_tokens=int(tuned.tokens.sum()),
            answered_rows=len(self.test_answers),
            cut_rows=self.splits["train"].cut_rows,
            left_out_rows=sum(split.left_out for split in self.splits.values()),
            forgetting=self.forgetting,
            counting_perplexity=self._counting_perplexity(),
            **self.checked_answers(),
        )

    def _few_shot_scores(self) -> dict[str, dict[str, float]]:
        """What holds for the same rows as the run's own scores: answers to all questions, likelihoods of all test rows."""
        found = self.few_shot
        if found is None or found.scores is None:
            return {}
        whole = len(found.rows) == len(self.splits["test"].examples)
        answered = found.prompts and len(found.prompts) == len(self.test_answers)
        scores = {
            **(found.scores.summary() if whole else {}),
            **(_overlap(found.prompts, list(found.answers)) if answered else {}),
        }
        return {"few_shot": scores} if scores else {}

    def _few_shot_change(self) -> dict[str, dict[str, Any]]:
        found = self.few_shot
        if found is None or found.scores is None:
            return {}
        tuned = few_shot.only(self.test_scores, found.rows)
        loss = tuned.summary()["loss"] - found.scores.summary()["loss"]
        return {
            "few_shot": {
                "loss": loss,
                "interval": change_interval(tuned, found.scores),
                "perplexity": [tuned.summary()["perplexity"], found.scores.summary()["perplexity"]],
                "rows": len(found.rows),
            }
        }

    def _counting_perplexity(self) -> float:
        """What the frequency of the tokens alone reaches on the test rows."""
        train, test = (
            [token for example in self.splits[name].examples for token in example.predicted]
            for name in ("train", "test")
        )
        return perplexity(answer_checks.counting_loss(train, test, len(self.tokenizer)))

    def checked_answers(self) -> dict[str, Any]:
        """Whether the answers are language and do not repeat themselves, beside the base model's and the references."""
        rows = self.splits["train"].examples
        known = answer_checks.known_pairs(
            text for row in rows for text in (row.example.text, *(turn.content for turn in row.example.turns))
        )
        references = [prompt.reference for prompt in self.prompts[: len(self.test_answers)]]
        texts = {"tuned": self.test_answers, "base": self.base_answers[: len(references)], "reference": references}
        shares = {name: answer_checks.known_share(given, known) for name, given in texts.items()}
        return {
            "answer_language": {name: share for name, share in shares.items() if share is not None},
            "answer_repeats": {
                "repeating": answer_checks.count_repeating(texts["tuned"], references),
                "base": answer_checks.count_repeating(texts["base"], references),
            },
        }

    def _system_prompt(self) -> str:
        """What most training conversations begin with; empty when most have no system message."""
        conversations = [example.example.turns for example in self.splits["train"].examples]
        openings = Counter(turns[0].content if turns and turns[0].role == SYSTEM else "" for turns in conversations)
        return openings.most_common(1)[0][0]

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        example = card.example(self.job.spec, self.job.base, self._system_prompt())
        adapter_files.write_card(folder, card.model_card(self.job.spec, self.job.base, results), example)

    def check_reload(self, adapter: Path) -> None:
        """See :class:`TaskFamily`: the same likelihoods, and the same generated text."""
        fresh = self.job.spec.method.load(self.load_body(self.job.spec.base_precision), adapter)
        model = self.open_model(fresh).to(self.accelerator.device).eval()
        examples = self.splits["test"].examples[:RELOAD_ROWS]
        scores = read_all(model, examples, self.evaluation, packed=self.training_data.packed, exact=True)
        per_token = abs(scores.losses - self.test_scores.losses[: len(examples)]) / scores.tokens
        if float(per_token.max()) > RELOAD_TOLERANCE:
            raise reload_failed(f"losses differ by {float(per_token.max()):.4f} per token")
        prompts = self.prompts[:RELOAD_ANSWERS]
        texts = [self.generator(body, single=True).answer(prompts) for body in (fresh, self.body)]
        if texts[0] != texts[1]:
            raise reload_failed("it writes other words")

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`; the score is ROUGE-L against the reference."""
        for prompt, base, tuned in zip(self.prompts, self.base_answers, self.test_answers, strict=False):
            score = rouge_l(prompt.reference, tuned)
            yield PredictionRow(prompt.row_id, prompt.text, prompt.reference, base, tuned, score)


def _overlap(prompts: list[SamplePrompt], answers: list[str]) -> dict[str, float]:
    pairs = [(prompt.reference, answer) for prompt, answer in zip(prompts, answers, strict=False)]
    if not pairs:
        return {}
    return {
        "rouge_l": sum(rouge_l(*pair) for pair in pairs) / len(pairs),
        "exact_match": sum(exact(*pair) for pair in pairs) / len(pairs),
    }
