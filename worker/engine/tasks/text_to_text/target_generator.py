"""Writes targets with an encoder-decoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from worker.engine.tasks.generation.samples import Generator
from worker.engine.tasks.text_to_text.model import make_source_batch


@dataclass(frozen=True)
class TargetGenerator(Generator):
    """An encoder-decoder that writes targets; sources of one batch are padded on the right."""

    def _generate_batch(self, prompts: Sequence[list[int]], max_tokens: int, ends: set[int]) -> list[list[int]]:
        tokenizer, device = self.tokenizer, next(self.decoder.parameters()).device
        pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0
        ids, mask = make_source_batch(prompts, pad_id)
        generated = cast(Any, self.decoder).generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            do_sample=False,
            num_beams=self.beams,
            max_new_tokens=max_tokens,
            eos_token_id=sorted(ends) or None,
        )
        # The first token is the one that the decoder starts with.
        answers: list[list[int]] = generated[:, 1:].tolist()
        return answers
