"""Texts made of texts by an encoder-decoder: the encoder reads the source, the decoder learns to write the target."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import nn

from app.catalog.chat_templates import read_template
from app.catalog.loss_mask import Masker, end_of, plain
from app.catalog.source_target_mask import SourceTargetMasker
from worker.engine.batching.batches import MicroBatch
from worker.engine.tasks.generation.data import ExampleRow, TokenizedExample, TokenizedSplit, tokenize_and_mask
from worker.engine.tasks.generation.few_shot import FewShot
from worker.engine.tasks.generation.model import WritingModel
from worker.engine.tasks.generation.samples import Generator
from worker.engine.tasks.generation.training_examples import Examples
from worker.engine.tasks.text_to_text.model import (
    EncoderDecoderLM,
    load_encoder_decoder,
    split_sides,
    start_token,
)
from worker.engine.tasks.text_to_text.rewriting import Rewriting
from worker.engine.tasks.text_to_text.target_generator import TargetGenerator

# Longer than any text: tokens are cached before they are cut.
WHOLE = 10**9


@dataclass(frozen=True)
class SourceTargetSplit(TokenizedSplit):
    """One split as tokens; ``cut_rows`` lost the end of their source or target, of them ``cut_targets`` that of their target."""

    cut_sources: int = 0
    cut_targets: int = 0


class EncoderDecoder(Rewriting):
    """Encoder and decoder; nothing shares a row, and nothing is asked with examples."""

    masker: SourceTargetMasker
    splits: dict[str, SourceTargetSplit]  # type: ignore[assignment]
    caches_hidden_states = False

    @property
    def source_room(self) -> int:
        """See :class:`Rewriting`: what the encoder reads, beside a soft prompt."""
        return self.job.spec.training.max_length - self.job.spec.method.virtual_tokens

    @property
    def target_room(self) -> int:
        """See :class:`Rewriting`: what the decoder writes."""
        return self.job.base.target_length or self.job.base.context_length

    @property
    def single(self) -> bool:
        """See :class:`Rewriting`: padding is on the other side of a soft prompt."""
        return False

    def set_body(self, body: nn.Module) -> None:
        """See :class:`TaskFamily`."""
        cast(EncoderDecoderLM, self.model).network = body

    def open_masker(self) -> Masker:
        """See :class:`Generation`."""
        tokenizer = plain(self.tokenizer.backend_tokenizer)
        end = end_of(tokenizer, read_template(self.job.base_folder))
        return SourceTargetMasker(tokenizer, self.tokenizer.eos_token_id if end is None else end)

    def tokenize(self, name: str, examples: Sequence[ExampleRow]) -> SourceTargetSplit:
        """See :class:`Generation`: each side is cut at the maximum length, its special tokens kept."""
        whole = tokenize_and_mask(examples, self.masker, WHOLE, self.report, self._token_cache(name))
        target_length = min(self.job.spec.training.max_length, self.target_room)
        cut, sources, targets = [], 0, 0
        for example in whole.examples:
            source, target = split_sides(example)
            kept, written = self.masker.cut(source, self.source_room), self.masker.cut(target, target_length)
            sources += len(kept) < len(source)
            targets += len(written) < len(target)
            mask = [False] * len(kept) + [True] * len(written)
            cut.append(replace(example, ids=[*kept, *written], loss_mask=mask))
        changed = sum(len(one.ids) < len(other.ids) for one, other in zip(cut, whole.examples, strict=True))
        return SourceTargetSplit(cut, changed, whole.left_out, sources, targets)

    def report_cut(self) -> None:
        """See :class:`Generation`."""
        train, length = self.splits["train"], self.job.spec.training.max_length
        if train.cut_rows:
            self.warn(
                f"{train.cut_sources:,} sources and {train.cut_targets:,} targets of the training rows are longer than {length} "
                "tokens and lose their end."
            )
        self.report_left_out()

    def open_training_data(self, examples: list[TokenizedExample]) -> Examples:
        """See :class:`Generation`."""
        return Examples(examples, self.pad_id, self.accelerator.device, EncoderDecoderLM.make_batch)

    def open_model(self, body: nn.Module) -> WritingModel:
        """See :class:`Generation`."""
        return EncoderDecoderLM(body, start_token(body), self.pad_id)

    def can_pack(self) -> bool:
        """See :class:`Generation`: no, which is nothing to warn of."""
        return False

    def load(self) -> None:
        """See :class:`TaskFamily`."""
        body = self.load_body(self.job.spec.base_precision)
        self.model = self.open_model(body).to(self.accelerator.device)
        self.training_data.packed = False
        self.check_end(body)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`TaskFamily`."""
        return load_encoder_decoder(self.job.base_folder, self.job.base, precision)

    def ask(self, example: TokenizedExample) -> list[int]:
        """See :class:`Rewriting`: the source as it was cut."""
        return split_sides(example)[0]

    def measure_general_text(self) -> None:
        """See :class:`Generation`: those texts are for models that go on writing, which an encoder-decoder does not."""
        if self.job.spec.training.measure_forgetting == "yes":
            self.warn("Forgetting is not measured: its texts are for models that go on writing a text.")

    def measure_few_shot(self) -> FewShot | None:
        """See :class:`Generation`: none; encoder-decoders were not made to learn from a prompt."""
        return None

    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        chosen = [self.splits["train"].examples[row] for row in rows]
        batch = EncoderDecoderLM.make_batch(chosen, self.pad_id).to(self.accelerator.device)
        written = cast(EncoderDecoderLM, self.model).shifted(batch.targets)
        return {"input_ids": batch.ids, "attention_mask": batch.mask, "decoder_input_ids": written}

    def generator(self, decoder: nn.Module, *, single: bool) -> Generator:
        """See :class:`Generation`."""
        return TargetGenerator(decoder, self.tokenizer, self.job.base.context_length, beams=self.decoding.num_beams)
