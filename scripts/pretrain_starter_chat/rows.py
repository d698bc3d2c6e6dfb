"""Training rows: whole documents packed side by side, with a weight for each token; knows no model."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from scripts.pretrain_starter_chat.conversations import Message, conversation
from scripts.pretrain_starter_chat.texts import text
from scripts.pretrain_starter_chat.tokenizer import END, START

# Questions and system messages teach the language too, but the answers are what matters.
WEIGHT_OF_QUESTIONS = 0.25
SHARE_OF_TEXT = 0.12


@dataclass
class Document:
    """Token ids and, for each, how much its prediction counts."""

    ids: list[int]
    weights: list[float]


def chat(messages: list[Message], tokenizer: PreTrainedTokenizerFast) -> Document:
    """A conversation in the chat template; answers weigh 1, the rest less, the roles nothing."""
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    ids, weights = [start], [0.0]
    contents = tokenizer([message["content"] for message in messages], add_special_tokens=False)["input_ids"]
    for message, content in zip(messages, contents, strict=True):
        weight = 1.0 if message["role"] == "assistant" else WEIGHT_OF_QUESTIONS
        ids += [tokenizer.convert_tokens_to_ids(f"<|{message['role']}|>"), *content, end]
        weights += [0.0, *[weight] * (len(content) + 1)]
    return Document(ids, weights)


def running(content: str, tokenizer: PreTrainedTokenizerFast) -> Document:
    """Running text between START and END."""
    ids = tokenizer(START + content + END, add_special_tokens=False)["input_ids"]
    return Document(ids, [0.0, *[1.0] * (len(ids) - 1)])


def documents(random: Random, tokenizer: PreTrainedTokenizerFast) -> Iterator[Document]:
    """Documents without end, chats and running text mixed."""
    while True:
        if random.random() < SHARE_OF_TEXT:
            yield running(text(random), tokenizer)
        else:
            yield chat(conversation(random), tokenizer)


def batches(stream: Iterator[Document], rows: int, width: int, pad: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(ids, weights) of shape (rows, width) without end; each row starts with a document, which is never cut.

    Documents longer than a row are left out; a document that does not fit into the rest of its row opens the next row.
    """
    waiting: Document | None = None
    while True:
        ids = torch.full((rows, width), pad)
        weights = torch.zeros(rows, width)
        for row in range(rows):
            at = 0
            while True:
                document = waiting or next(stream)
                waiting = None
                if len(document.ids) > width:
                    continue
                if at + len(document.ids) > width:
                    waiting = document
                    break
                end = at + len(document.ids)
                ids[row, at:end] = torch.tensor(document.ids)
                weights[row, at:end] = torch.tensor(document.weights)
                at = end
        yield ids, weights
