"""Preferences: a decoder that learns which of two answers is better; the reference is the same decoder before its first update.

The reference's log-probabilities are computed once, before training, and kept as one number for each answer: the same values as from the
model with its adapter switched off, without a second model, and without a second pass in every update.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch

from app.catalog.chat_templates import read_template
from app.catalog.loss_mask import LossMasker, plain
from app.catalog.task_types.preference_rows import join_pair
from app.errors import StudioError
from worker.engine.batching.training_rows import SPLITS
from worker.engine.modeling import adapter_files
from worker.engine.modeling.dropout import disable_dropout
from worker.engine.reporting.results import PreferenceResults, RunResults
from worker.engine.runtime.distributed import broadcast_object
from worker.engine.tasks.base import PredictionRow
from worker.engine.tasks.generation import card as generation_card
from worker.engine.tasks.generation import general_text_loss
from worker.engine.tasks.generation.data import ExampleRow, TokenizedExample, tokenize_and_mask
from worker.engine.tasks.generation.generation import SAMPLED_TOKENS, Generation
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.generation.text_scores import RowScores
from worker.engine.tasks.preference import card, losses, pair_scores
from worker.engine.tasks.preference.data import TokenizedAnswers, other_answers, tokenize_answers
from worker.engine.tasks.preference.divergence import divergence, next_tokens
from worker.engine.tasks.preference.losses import AnswerLogps
from worker.engine.tasks.preference.pair_scores import PairMargins
from worker.engine.tasks.preference.training_rows import MarkedRows, PairRows, PreferenceSettings

CHOSEN, REJECTED = "chosen", "rejected"


@dataclass(frozen=True)
class Reference:
    """Log-probabilities of the answers of each split before training, in nats; ``others`` of KTO's answers to other requests."""

    answers: dict[str, np.ndarray]
    others: dict[str, np.ndarray]


class Preferences(Generation):
    """A decoder; the baselines are the base model's own likelihoods, and the longer answer."""

    training_data: PairRows | MarkedRows  # type: ignore[assignment] # their loss is of pairs
    splits: dict[str, TokenizedAnswers]  # type: ignore[assignment] # answers in pairs
    reference: Reference | None = None
    base_margins: PairMargins

    def open_masker(self) -> LossMasker:
        """See :class:`Generation`: the answers alone are learned."""
        super().open_masker()
        return LossMasker(plain(self.tokenizer.backend_tokenizer), read_template(self.job.base_folder))

    def tokenize(self, name: str, examples: Sequence[ExampleRow]) -> TokenizedAnswers:
        """See :class:`Generation`: both answers of every row."""
        max_length = self._room
        cache = self._token_cache(name)
        found = tokenize_answers(
            examples, lambda flat: tokenize_and_mask(flat, self.masker, max_length, self.report, cache)
        )
        if found.examples and not found.pairs:
            raise StudioError(
                "one_sided_split",
                f"The {name} part of the data has no pair of a better and a worse answer.",
                "Add answers of the other kind, or give the part more rows.",
            )
        return found

    @property
    def settings(self) -> PreferenceSettings:
        """The loss of this run with its numbers."""
        training, train = self.job.spec.training, self.splits["train"]
        loss: str = training.preference_loss
        if loss == losses.AUTO:
            loss = losses.KTO if train.marked else losses.DPO
        if train.marked and loss != losses.KTO:
            raise StudioError(
                "loss_needs_pairs",
                f"The loss {loss!r} compares two answers to a request; these rows hold one answer each, marked good or bad.",
                "Choose kto (or auto) as the preference loss.",
            )
        beta = training.preference_beta if training.preference_beta is not None else losses.default_beta(loss)
        good = sum(train.good)
        weights = losses.kto_weights(
            training.desirable_weight, training.undesirable_weight, good, len(train.good) - good
        )
        return PreferenceSettings(loss, beta, training.simpo_gamma, weights)

    @property
    def refers(self) -> bool:
        """Whether the loss measures how far answers moved from the reference."""
        return self.settings.loss in losses.REFERRING

    def open_training_data(self, examples: list[TokenizedExample]) -> PairRows | MarkedRows:  # type: ignore[override] # their loss is of pairs
        """See :class:`Generation`."""
        split, settings, device = self.splits["train"], self.settings, self.accelerator.device
        if settings.loss != losses.KTO:
            return PairRows(split, settings, self.pad_id, device)
        return MarkedRows(split, settings, self.pad_id, device, self._others("train"))

    def _others(self, name: str) -> list[TokenizedExample]:
        return other_answers(self.splits[name].examples, self._room)

    @property
    def _room(self) -> int:
        """Tokens of a conversation that are read."""
        return self.job.spec.training.max_length - self.job.spec.method.virtual_tokens

    def measure_base(self) -> None:
        """See :class:`TaskFamily`."""
        if not self.accelerator.is_main_process:
            return
        self.model.eval()
        self.base_scores = self._read("test", exact=True)
        self.base_margins = pair_scores.likelihoods(self.base_scores, self.splits["test"].pairs)
        self.measure_general_text()
        self.base_samples = self.generate(self.sample_prompts, SAMPLED_TOKENS)
        self._measure_reference()

    def _measure_reference(self) -> None:
        """Score every answer as the model stands: in the number format of training where it is learned, in fp32 for the test."""
        self.model.eval()
        answers = {name: -self._read(name, exact=name == "test").losses for name in SPLITS}
        others = {}
        if self.settings.loss == losses.KTO:
            others = {name: -self._score(self._others(name)).losses for name in ("train", "validation")}
        self.reference = Reference(answers, others)
        self.reference_tokens = next_tokens(cast(CausalLM, self.model), self._better("test"), self.evaluation)

    def adapt(self, total_steps: int) -> None:
        """See :class:`TaskFamily`; all processes of the group get the reference that the main one measured."""
        if self.reference is None and self.accelerator.is_main_process:
            self._measure_reference()
        self.reference = broadcast_object(self.reference)
        assert self.reference is not None
        rows = self.training_data
        rows.reference = self.reference.answers["train"]
        if isinstance(rows, MarkedRows):
            rows.others_reference = self.reference.others["train"]
        super().adapt(total_steps)
        if self.refers:
            # The reference was read without dropout; with it the model would differ from it by chance alone.
            disable_dropout(self.body)

    def _better(self, name: str) -> list[TokenizedExample]:
        split = self.splits[name]
        return [split.examples[better] for better, _ in split.pairs]

    def network_inputs(self, rows: Sequence[int]) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`: the better answers of pairs."""
        if isinstance(self.training_data, PairRows):
            rows = [self.splits["train"].pairs[row][0] for row in rows]
        return super().network_inputs(list(rows))

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`."""
        split, reference = self.splits["validation"], self._known().answers["validation"]
        scores = self._read("validation", sharded=True)
        margins = self._margins(scores, "validation")
        return {
            "loss": self._loss(scores, reference, split),
            "preference_accuracy": margins.accuracy,
            "reward_margin": float(margins.margins.mean()),
            "chosen_perplexity": self._chosen_perplexity(scores, split),
        }

    def _known(self) -> Reference:
        assert self.reference is not None
        return self.reference

    def _margins(self, scores: RowScores, name: str) -> PairMargins:
        """Margins of the reward that the loss implies."""
        pairs, beta = self.splits[name].pairs, self.settings.beta
        if self.refers:
            return pair_scores.log_ratios(scores, self._known().answers[name], pairs, beta)
        return pair_scores.likelihoods(scores, pairs, beta)

    def _loss(self, scores: RowScores, reference: np.ndarray, split: TokenizedAnswers) -> float:
        """The training loss of a split, from its likelihoods."""
        settings = self.settings
        logps, tokens, known = (torch.from_numpy(values) for values in (-scores.losses, scores.tokens, reference))
        if settings.loss == losses.KTO:
            found = self._score(self._others("validation"), sharded=True)
            distance = float(np.mean(-found.losses - self._known().others["validation"]))
            good = torch.tensor(split.good)
            total = losses.kto(
                logps - known, good, torch.tensor(max(0.0, distance)), beta=settings.beta, weights=settings.weights
            )
            return float(total) / len(split.good)
        sides = [torch.tensor([pair[side] for pair in split.pairs]) for side in (0, 1)]
        better, worse = (AnswerLogps(logps[side], tokens[side]) for side in sides)
        references = (known[sides[0]], known[sides[1]])
        total = losses.pair_loss(settings.loss, better, worse, references, beta=settings.beta, gamma=settings.gamma)
        return float(total) / len(split.pairs)

    def _chosen_perplexity(self, scores: RowScores, split: TokenizedAnswers) -> float:
        rows = [better for better, _ in split.pairs]
        return RowScores(scores.losses[rows], scores.tokens[rows], scores.right[rows]).summary()["perplexity"]

    def test(self) -> None:
        """See :class:`TaskFamily`."""
        self.test_scores = self._read("test", exact=True)
        self.test_margins = self._margins(self.test_scores, "test")
        self.test_tokens = next_tokens(cast(CausalLM, self.model), self._better("test"), self.evaluation)
        if self.forgetting_baseline is not None:
            after = self._score(general_text_loss.make_examples(self.tokenizer, self._context_length))
            self.forgetting = general_text_loss.compare(self.forgetting_baseline, after)

    def results(self) -> PreferenceResults:
        """See :class:`TaskFamily`."""
        split, settings, margins = self.splits["test"], self.settings, self.test_margins
        longer = pair_scores.lengths([answer.example.answer for answer in split.examples], split.pairs)
        # Of answers to different requests neither likelihoods nor lengths can be held against each other.
        baselines = {} if split.unlike_pairs else {"longer_answer": longer, "untouched": self.base_margins}
        base = {"chosen_perplexity": self._chosen_perplexity(self.base_scores, split)}
        return PreferenceResults(
            metrics={
                "preference_accuracy": margins.accuracy,
                "reward_margin": float(margins.margins.mean()),
                "kl": divergence(self.test_tokens, self.reference_tokens),
                "chosen_perplexity": self._chosen_perplexity(self.test_scores, split),
            },
            intervals={"preference_accuracy": margins.interval()},
            baseline={
                "untouched": base,
                **{
                    name: {"preference_accuracy": known.accuracy, **(base if name == "untouched" else {})}
                    for name, known in baselines.items()
                },
            },
            paired={name: margins.against(known).as_json() for name, known in baselines.items()},
            length_bias=pair_scores.length_bias(longer, tuned=margins, base=self.base_margins) if baselines else {},
            loss=settings.loss,
            beta=settings.beta,
            marked=split.marked,
            unlike_pairs=split.unlike_pairs,
            labels=[],
            template=self.masker.template_name,
            system_prompt=self._system_prompt(),
            test_rows=len(split.pairs),
            cut_rows=self.splits["train"].cut_rows,
            left_out_rows=sum(part.left_out for part in self.splits.values()),
            forgetting=self.forgetting,
        )

    def write(self, folder: Any, results: RunResults) -> None:
        """The card and the example."""
        example = generation_card.example(self.job.spec, self.job.base, self._system_prompt())
        adapter_files.write_card(folder, card.model_card(self.job.spec, self.job.base, results), example)

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`: which of two answers each model prefers; the score is the margin of the tuned one's reward.

        The base model is not asked where a pair's answers are to different requests.
        """
        split = self.splits["test"]
        for number, (better, worse) in enumerate(split.pairs):
            one, other = split.examples[better], split.examples[worse]
            base, tuned = (
                CHOSEN if known.margins[number] > 0 else REJECTED for known in (self.base_margins, self.test_margins)
            )
            asked = None if split.unlike_pairs else base
            yield PredictionRow(
                one.row_id,
                join_pair(_asked(one), one.example.answer, other.example.answer, _asked(other)),
                CHOSEN,
                asked,
                tuned,
                float(self.test_margins.margins[number]),
            )


def _asked(answer: TokenizedExample) -> str:
    """The request of a conversation as it is shown."""
    turns = answer.example.question
    if len(turns) == 1:
        return turns[0].content
    return "\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in turns)
