"""Generates answers to held-out prompts by greedy decoding, for base and tuned model side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from app.catalog.loss_mask import Masker
from worker.engine.tasks.generation.data import TokenizedExample

MAX_TOKENS = 96
# Running text has no question: these tokens of its beginning are the prompt.
PASSAGE_PROMPT_TOKENS = 24
MIN_ANSWER_TOKENS = 8
BATCH_ROWS = 16


@dataclass(frozen=True)
class SamplePrompt:
    """``ids`` are given to the model; ``text`` and ``reference`` are shown, and compared with the answer."""

    row_id: int
    text: str
    reference: str
    ids: list[int]


@dataclass(frozen=True)
class Generator:
    """A decoder that generates answers.

    Attributes:
        batch_rows: prompts that share a batch; 1 for models with a soft prompt, which padding would shift.
        beams: 1 for greedy decoding, more for beam search.
    """

    decoder: nn.Module
    tokenizer: Any
    context_length: int
    batch_rows: int = BATCH_ROWS
    beams: int = 1

    def answer(self, prompts: Sequence[SamplePrompt], max_tokens: int | None = None) -> list[str]:
        """Answers in the order of the prompts, each of at most ``max_tokens`` tokens."""
        answers = self.generate([prompt.ids for prompt in prompts], max_tokens)
        return [_readable(self.tokenizer.decode(ids, skip_special_tokens=True)) for ids in answers]

    @torch.no_grad()
    def generate(self, prompts: Sequence[list[int]], max_tokens: int | None = None) -> list[list[int]]:
        """The tokens of the answers, up to and without the end token."""
        by_length = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        answers: list[list[int]] = [[] for _ in prompts]
        ends = end_tokens(self.decoder, self.tokenizer)
        for start in range(0, len(by_length), self.batch_rows):
            rows = by_length[start : start + self.batch_rows]
            generated = self._generate_batch([prompts[row] for row in rows], max_tokens or MAX_TOKENS, ends)
            for row, ids in zip(rows, generated, strict=True):
                answers[row] = _until(ids, ends)
        return answers

    def _generate_batch(self, prompts: Sequence[list[int]], max_tokens: int, ends: set[int]) -> list[list[int]]:
        tokenizer, device = self.tokenizer, next(self.decoder.parameters()).device
        pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0
        length = max(len(prompt) for prompt in prompts)
        ids = torch.full((len(prompts), length), pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, length - len(prompt) :] = torch.tensor(prompt)
            mask[row, length - len(prompt) :] = 1
        generated = cast(Any, self.decoder).generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            do_sample=False,
            num_beams=self.beams,
            pad_token_id=pad_id,
            max_new_tokens=max(1, min(max_tokens, self.context_length - length)),
            eos_token_id=sorted(ends) or None,
        )
        answers: list[list[int]] = generated[:, length:].tolist()
        return answers


def make_prompts(
    examples: Sequence[TokenizedExample], masker: Masker, tokenizer: Any, context_length: int, max_count: int
) -> list[SamplePrompt]:
    """Prompts from the first examples that leave room for an answer, one for each row."""
    prompts: dict[int, SamplePrompt] = {}
    for example in examples:
        if len(prompts) == max_count:
            break
        prompt = _conversation(example, masker) if example.example.turns else _passage(example, tokenizer)
        if prompt and example.row_id not in prompts and len(prompt.ids) + MIN_ANSWER_TOKENS <= context_length:
            prompts[example.row_id] = prompt
    return list(prompts.values())


def end_tokens(decoder: nn.Module, tokenizer: Any) -> set[int]:
    """Tokens that end an answer."""
    configured = cast(Any, decoder).generation_config.eos_token_id
    return {*(configured if isinstance(configured, list) else [configured]), tokenizer.eos_token_id} - {None}


def _conversation(example: TokenizedExample, masker: Masker) -> SamplePrompt:
    question = example.example.question
    text = question[0].content if question else ""
    if len(question) > 1:
        text = "\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in question)
    return SamplePrompt(example.row_id, text, example.example.answer, masker.ask(question))


def _passage(example: TokenizedExample, tokenizer: Any) -> SamplePrompt | None:
    if len(example.ids) < PASSAGE_PROMPT_TOKENS + MIN_ANSWER_TOKENS:
        return None
    prompt = example.ids[:PASSAGE_PROMPT_TOKENS]
    rest = example.ids[PASSAGE_PROMPT_TOKENS : PASSAGE_PROMPT_TOKENS + MAX_TOKENS]
    text, reference = (tokenizer.decode(ids, skip_special_tokens=True) for ids in (prompt, rest))
    return SamplePrompt(example.row_id, text, reference, prompt)


def _readable(text: str) -> str:
    """Without surrounding blanks and without NUL, which a byte-level model may generate and PostgreSQL refuses."""
    return text.strip().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _until(ids: list[int], ends: set[int]) -> list[int]:
    end = next((position for position, token in enumerate(ids) if token in ends), len(ids))
    return ids[:end]
