"""Writes answers to held-out questions, always taking the most probable token: base and tuned model side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from app.catalog.loss_mask import LossMasker
from worker.engine.tasks.generation.data import TokenizedExample

MOST_TOKENS = 96
# Running text has no question: its beginning is given, and what follows is what is compared.
BEGINNING_TOKENS = 24
LEAST_ROOM = 8
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class SamplePrompt:
    """``ids`` are what the model is asked with; ``text`` and ``reference`` are for people and for comparing."""

    row_id: int
    text: str
    reference: str
    ids: list[int]


def make_questions(
    examples: Sequence[TokenizedExample], marker: LossMasker, tokenizer: Any, context_length: int, most: int
) -> list[SamplePrompt]:
    """Questions from the first examples that leave room for an answer."""
    asked: list[SamplePrompt] = []
    seen: set[int] = set()
    for each in examples:
        if len(asked) == most:
            break
        made = _conversation(each, marker) if each.lesson.turns else _passage(each, tokenizer)
        if made and each.row_id not in seen and len(made.ids) + LEAST_ROOM <= context_length:
            seen.add(each.row_id)
            asked.append(made)
    return asked


def _conversation(each: TokenizedExample, marker: LossMasker) -> SamplePrompt:
    question = each.lesson.question
    alone = len(question) == 1
    text = question[0].content if alone else "\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in question)
    return SamplePrompt(each.row_id, text, each.lesson.answer, marker.ask(question))


def _passage(each: TokenizedExample, tokenizer: Any) -> SamplePrompt | None:
    if len(each.ids) < BEGINNING_TOKENS + LEAST_ROOM:
        return None
    begun, rest = each.ids[:BEGINNING_TOKENS], each.ids[BEGINNING_TOKENS : BEGINNING_TOKENS + MOST_TOKENS]
    words = [tokenizer.decode(ids, skip_special_tokens=True) for ids in (begun, rest)]
    return SamplePrompt(each.row_id, words[0], words[1], begun)


@torch.no_grad()
def answer_all(
    decoder: nn.Module,
    questions: Sequence[SamplePrompt],
    tokenizer: Any,
    context_length: int,
    *,
    at_once: int = ROWS_AT_ONCE,
    most_tokens: int = MOST_TOKENS,
) -> list[str]:
    """Answers in the order of the questions, each of at most ``most_tokens`` tokens.

    Args:
        at_once: rows that share a batch; 1 for models with a soft prompt, which padding would shift.
    """
    return [
        _readable(tokenizer.decode(ids, skip_special_tokens=True))
        for ids in answer_ids(
            decoder,
            [each.ids for each in questions],
            tokenizer,
            context_length,
            at_once=at_once,
            most_tokens=most_tokens,
        )
    ]


@torch.no_grad()
def answer_ids(
    decoder: nn.Module,
    prompts: Sequence[list[int]],
    tokenizer: Any,
    context_length: int,
    *,
    at_once: int = ROWS_AT_ONCE,
    most_tokens: int = MOST_TOKENS,
) -> list[list[int]]:
    """The tokens of the answers, up to and without the end mark."""
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    told: list[list[int]] = [[] for _ in prompts]
    device = next(decoder.parameters()).device
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0
    ends = end_tokens(decoder, tokenizer)
    for first in range(0, len(order), at_once):
        rows = order[first : first + at_once]
        longest = max(len(prompts[row]) for row in rows)
        ids = torch.full((len(rows), longest), pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, longest - len(prompts[row]) :] = torch.tensor(prompts[row])
            mask[at, longest - len(prompts[row]) :] = 1
        made = cast(Any, decoder).generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            do_sample=False,
            num_beams=1,
            pad_token_id=pad,
            max_new_tokens=max(1, min(most_tokens, context_length - longest)),
            eos_token_id=sorted(ends) or None,
        )
        new = made[:, longest:]
        for at, row in enumerate(rows):
            told[row] = _until(new[at].tolist(), ends)
    return told


def end_tokens(decoder: nn.Module, tokenizer: Any) -> set[int]:
    """Tokens that end an answer."""
    told = cast(Any, decoder).generation_config.eos_token_id
    return {*(told if isinstance(told, list) else [told]), tokenizer.eos_token_id} - {None}


def _readable(text: str) -> str:
    """Without blanks around it and without NUL, which a byte-level model may write and PostgreSQL does not take."""
    return text.strip().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _until(ids: list[int], ends: set[int]) -> list[int]:
    stop = next((at for at, token in enumerate(ids) if token in ends), len(ids))
    return ids[:stop]
