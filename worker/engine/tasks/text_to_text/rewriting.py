"""Texts made of texts by a decoder: the source is the request, the target the answer; every test source is answered in full."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

from torch import nn

from app.catalog import reference_scores
from app.catalog.card import BaseModelCard
from app.catalog.reference_scores import CHRF, ReferenceCounts
from app.errors import StudioError
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import RunResults, TargetResults
from worker.engine.runtime.distributed import broadcast_object
from worker.engine.tasks.base import PredictionRow, TextPredictor
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.generation import Generation
from worker.engine.tasks.generation.samples import Generator, SamplePrompt
from worker.engine.tasks.text_to_text import baselines, card, scores
from worker.engine.tasks.text_to_text.decoding import Decoding
from worker.engine.tasks.text_to_text.predict import TargetWriter
from worker.engine.tasks.text_to_text.prompts import TargetPrompt, answer_tokens, draw, one_for_each_source

# Sources of the test rows that are answered, and of the validation rows at each check; more narrow the intervals little. Beside a
# soft prompt they are answered one by one.
ANSWERED_SOURCES, CHECKED_SOURCES, SINGLE_SHARE = 256, 48, 4


class Rewriting(Generation):
    """A decoder that writes targets; baselines are the source itself, its beginning, and the base model."""

    prompts: list[TargetPrompt]  # type: ignore[assignment]

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> TextPredictor:
        """See :class:`TaskFamily`."""
        return TargetWriter(folder, base_folder, base, device)

    @cached_property
    def decoding(self) -> Decoding:
        """How targets are written."""
        training = self.job.spec.training
        written = min(answer_tokens(self.splits["train"].examples), self.target_room)
        return Decoding(training.source_prefix, self.source_room, written, training.beams)

    @property
    def target_room(self) -> int:
        """Tokens of the longest target that the model can write."""
        return self.job.base.context_length // 2

    @property
    def source_room(self) -> int:
        """Tokens of the longest source that leaves room for its target."""
        return self._context_length - min(answer_tokens(self.splits["train"].examples), self.target_room)

    @property
    def single(self) -> bool:
        """Whether answers are written one by one, because padding would shift a soft prompt."""
        return bool(self.job.spec.method.virtual_tokens)

    def ask(self, example: TokenizedExample) -> list[int]:
        """The tokens that an example's source is answered from."""
        return self.masker.ask(example.example.question)

    def make_prompts(self, split: str) -> list[SamplePrompt]:
        """See :class:`Generation`: one prompt for each source, of many sources some that are drawn."""
        most = ANSWERED_SOURCES if split == "test" else CHECKED_SOURCES
        return list(draw(self.fitting_prompts[split], most // (SINGLE_SHARE if self.single else 1)))

    @cached_property
    def sources(self) -> dict[str, list[TargetPrompt]]:
        """A prompt for each source of the validation and of the test rows."""
        prefix = self.job.spec.training.source_prefix
        return {
            split: one_for_each_source(self.splits[split].examples, self.ask, prefix)
            for split in ("validation", "test")
        }

    @cached_property
    def fitting_prompts(self) -> dict[str, list[TargetPrompt]]:
        """Those that leave room for a target; says how many do not.

        Raises:
            StudioError: ``no_source_fits``: none of a split does.
        """
        room, found = self.source_room, {}
        for split, prompts in self.sources.items():
            found[split] = [prompt for prompt in prompts if len(prompt.ids) <= room]
            if not found[split]:
                raise StudioError(
                    "no_source_fits",
                    f"Every source of the {split} rows is longer than {room} tokens, so that no target fits beside it.",
                    "Shorten the sources, or choose a base model that reads longer texts.",
                )
            if too_long := len(prompts) - len(found[split]):
                self.warn(
                    f"{too_long:,} of {len(prompts):,} {split} sources are longer than {room} tokens, which leaves no room for a "
                    "target: they are not answered, and no score says anything about them."
                )
        return found

    @cached_property
    def checked_prompts(self) -> list[TargetPrompt]:
        """Those of the validation rows."""
        return cast(list[TargetPrompt], self.make_prompts("validation"))

    def report_cut(self) -> None:
        """See :class:`Generation`."""
        cut, length = self.splits["train"].cut_rows, self.job.spec.training.max_length
        if cut:
            self.warn(
                f"{cut:,} training rows are longer than {length} tokens, source and target together; their targets are cut."
            )
        self.report_left_out()

    def generator(self, decoder: nn.Module, *, single: bool) -> Generator:
        """See :class:`Generation`."""
        rows = {"batch_rows": 1} if single and self.single else {}
        return Generator(decoder, self.tokenizer, self.job.base.context_length, beams=self.decoding.num_beams, **rows)

    def generate(
        self, prompts: Sequence[SamplePrompt], max_tokens: int | None = None, *, single: bool = False
    ) -> list[str]:
        """See :class:`Generation`."""
        return super().generate(prompts, max_tokens or self.decoding.max_new_tokens, single=single or self.single)

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`: chrF of the checked sources, and the loss of all rows."""
        loss = super().validate()["loss"]
        chrf = 0.0
        if self.accelerator.is_main_process:
            answers = self.generate(self.checked_prompts)
            chrf = scores.count(self.checked_prompts, answers).score(CHRF)
        return {"loss": loss, CHRF: broadcast_object(chrf)}

    def answer_test(self) -> list[str]:
        """See :class:`Generation`: every prompt is answered."""
        return self.generate(self.prompts)

    @cached_property
    def _baseline_answers(self) -> Mapping[str, Sequence[str]]:
        shown = self.few_shot.answers if self.few_shot else ()
        return {
            **baselines.answers([prompt.text for prompt in self.prompts]),
            "untouched": self.base_answers,
            **({"few_shot": shown} if len(shown) == len(self.prompts) else {}),
        }

    @cached_property
    def _tuned(self) -> ReferenceCounts:
        return scores.count(self.prompts, self.test_answers)

    def results(self) -> TargetResults:
        """See :class:`TaskFamily`."""
        tuned, others = (
            self._tuned,
            {name: scores.count(self.prompts, given) for name, given in self._baseline_answers.items()},
        )
        return TargetResults(
            metrics={
                **scores.score(self.prompts, self.test_answers, tuned),
                "loss": self.test_scores.summary()["loss"],
            },
            intervals={name: tuned.interval(name) for name in tuned.by_score},
            baseline={
                **{
                    name: scores.score(self.prompts, self._baseline_answers[name], counts)
                    for name, counts in others.items()
                },
            },
            paired={name: reference_scores.paired(tuned, counts).as_json() for name, counts in others.items()},
            labels=[],
            test_rows=len(self.prompts),
            answered_rows=len(self.prompts),
            sources=len(self.sources["test"]),
            references=sum(len(prompt.references) for prompt in self.prompts),
            template=self.masker.template_name,
            signatures={name: reference_scores.signature(name) for name in tuned.by_score},
            cut_rows=self.splits["train"].cut_rows,
            left_out_rows=sum(split.left_out for split in self.splits.values()),
            forgetting=self.forgetting,
            **self.checked_answers(),
        )

    def write_head(self, folder: Path) -> None:
        """See :class:`TaskFamily`: how targets are written."""
        self.decoding.write(folder)

    def write(self, folder: Path, results: RunResults) -> None:
        """See :class:`TaskFamily`."""
        spec, base = self.job.spec, self.job.base
        example = card.example(spec, base, self.decoding)
        adapter_files.write_card(folder, card.model_card(spec, base, results, self.decoding), example)

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`: every row of an answered source; the score is the answer's chrF against the nearest reference."""
        own = self._tuned.of_texts(CHRF)
        for prompt, base, tuned, score in zip(self.prompts, self.base_answers, self.test_answers, own, strict=True):
            for row_id, reference in prompt.rows:
                yield PredictionRow(row_id, prompt.text, reference, base, tuned, score)
