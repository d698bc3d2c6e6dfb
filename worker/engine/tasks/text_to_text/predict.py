"""Writes targets with a download: in the inference server, for one text or a whole file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.chat_templates import read_template
from app.catalog.loss_mask import LossMasker, end_of, plain
from app.catalog.model_facts import ENCODER_DECODER
from app.catalog.source_target_mask import SourceTargetMasker
from app.catalog.task_types.generative import USER, Turn
from app.catalog.task_types.text_pairs import TextInput, written
from app.errors import Rejected
from worker.engine.modeling.adapter_files import read_spec
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.generation.model import load_decoder
from worker.engine.tasks.generation.samples import Generator, SamplePrompt
from worker.engine.tasks.text_to_text.decoding import Decoding
from worker.engine.tasks.text_to_text.model import load_encoder_decoder
from worker.engine.tasks.text_to_text.target_generator import TargetGenerator


class TargetWriter:
    """A tuned model in fp32 that writes the target of each source."""

    def __init__(self, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> None:
        spec, tokenizer = read_spec(folder), load_tokenizer(folder)
        self.decoding, self._base = Decoding.read(folder), base
        encodes = base.architecture == ENCODER_DECODER
        load = load_encoder_decoder if encodes else load_decoder
        body = spec.method.load(load(base_folder, base, spec.base_precision), folder).eval().to(device)
        rows = {"batch_rows": 1} if spec.method.virtual_tokens and not encodes else {}
        maker = TargetGenerator if encodes else Generator
        self._generator = maker(body, tokenizer, base.context_length, beams=self.decoding.num_beams, **rows)
        backend, template = plain(tokenizer.backend_tokenizer), read_template(folder)
        self._masker = (
            SourceTargetMasker(backend, end_of(backend, template)) if encodes else LossMasker(backend, template)
        )

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """``[{"text", "cut"}]``; ``cut``: the source was longer than the model reads, and lost its end.

        Raises:
            Rejected: ``text_too_long``: a decoder has no room left for an answer.
        """
        sources = [written(text) for text in texts]
        asked = [self._masker.ask((Turn(USER, self.decoding.source_prefix + source),)) for source in sources]
        kept = [self._within(ids) for ids in asked]
        prompts = [SamplePrompt(at, text, "", ids) for at, (text, ids) in enumerate(zip(sources, kept, strict=True))]
        answers = self._generator.answer(prompts, self.decoding.max_new_tokens)
        return [
            {"text": answer, "cut": len(short) < len(whole)}
            for answer, short, whole in zip(answers, kept, asked, strict=True)
        ]

    def _within(self, ids: list[int]) -> list[int]:
        length = self.decoding.max_source_tokens
        if isinstance(self._masker, SourceTargetMasker):
            return self._masker.cut(ids, length)
        if len(ids) > length:
            raise Rejected(
                "text_too_long",
                f"The text has {len(ids)} tokens; this model reads {length} beside its answer.",
                "Send a shorter text.",
            )
        return ids
