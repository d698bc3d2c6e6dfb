"""Tiny models of each kind, made from their configuration on the spot, with one batch that can be learned by heart."""

import copy
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, RunContext
from app.catalog.methods.capabilities import CAUSAL, SEQUENCES, TOKENS

VOCABULARY = 40
WIDTH = 32
LAYERS = 3


@dataclass(frozen=True)
class Kind:
    """One kind of model: how to make it, which parts of it are new, and what it is to learn."""

    name: str
    heads: tuple[str, ...]


KINDS = {
    CAUSAL: Kind(CAUSAL, ()),
    # BERT's pooler comes with the classification head: nothing has trained either.
    SEQUENCES: Kind(SEQUENCES, ("bert.pooler.dense", "classifier")),
    TOKENS: Kind(TOKENS, ("classifier",)),
}


def make_model(kind: str, head_seed: int = 0) -> PreTrainedModel:
    """The same body every time; the new parts depend on ``head_seed``, as those of a freshly loaded model do."""
    model = copy.deepcopy(_body(kind))
    torch.manual_seed(head_seed)
    for name in KINDS[kind].heads:
        for module in model.get_submodule(name).modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.2)
    return model


@cache
def _body(kind: str) -> PreTrainedModel:
    torch.manual_seed(1)
    if kind == CAUSAL:
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=VOCABULARY,
                hidden_size=WIDTH,
                intermediate_size=2 * WIDTH,
                num_hidden_layers=LAYERS,
                num_attention_heads=4,
                num_key_value_heads=2,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=1,
                initializer_range=0.15,
                tie_word_embeddings=False,
            )
        ).eval()
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        max_position_embeddings=64,
        num_labels=3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.15,
        pad_token_id=0,
    )
    return (BertForSequenceClassification if kind == SEQUENCES else BertForTokenClassification)(config).eval()


def card(kind: str) -> BaseModelCard:
    """The facts of a tiny model, as the catalog states those of a real one."""
    model = _body(kind)
    attention = [(WIDTH, WIDTH)] * 4 if kind != CAUSAL else [(WIDTH, 32), (WIDTH, 16), (WIDTH, 16), (32, WIDTH)]
    ups = [(WIDTH, 2 * WIDTH)] * (2 if kind == CAUSAL else 1)
    norm = WIDTH if kind == CAUSAL else 2 * WIDTH
    new = sum(parameter.numel() for name in KINDS[kind].heads for parameter in model.get_submodule(name).parameters())
    body = sum(parameter.numel() for parameter in model.parameters()) - new
    blocks = model.model.layers if kind == CAUSAL else model.bert.encoder.layer
    return BaseModelCard(
        name="tiny",
        title="Tiny",
        summary="",
        licence="Apache-2.0",
        source="",
        hub_id="tests/tiny",
        package="",
        folder="",
        weights_sha256="",
        parameters=body,
        hidden_size=WIDTH,
        layers=LAYERS,
        context_length=64,
        linear_shapes=(*attention, *ups, (2 * WIDTH, WIDTH)),
        attention_shapes=4,
        block_parameters=sum(parameter.numel() for parameter in blocks[0].parameters()),
        block_norm_parameters=2 * norm,
        outer_norm_parameters=norm,
        key_width=16 if kind == CAUSAL else 0,
    )


def make_batch(kind: str) -> dict[str, torch.Tensor]:
    """Eight rows of five to eight tokens, the short ones padded, with what is to be learned under ``labels``."""
    rng = torch.Generator().manual_seed(5)
    ids = torch.randint(2, VOCABULARY, (8, 8), generator=rng)
    mask = torch.ones_like(ids)
    for row in range(8):
        mask[row, 5 + row % 4 :] = 0
    ids[mask == 0] = 0
    labels = {
        CAUSAL: torch.where(mask == 1, ids, -100),
        SEQUENCES: torch.arange(8) % 3,
        TOKENS: torch.where(mask == 1, ids % 3, -100),
    }
    return {"input_ids": ids, "attention_mask": mask, "labels": labels[kind]}


def logits_of(model: nn.Module, kind: str) -> torch.Tensor:
    """Logits of the real tokens of the batch in evaluation mode; rows for whole texts."""
    batch = make_batch(kind)
    model.eval()
    with torch.no_grad():
        result = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    if kind == SEQUENCES:
        return result
    # A soft prompt puts its own tokens before the text.
    return result[:, -batch["input_ids"].shape[1] :][batch["attention_mask"].bool()]


def loss_of(model: nn.Module, kind: str) -> torch.Tensor:
    """The model's own loss on the batch."""
    return model(**make_batch(kind)).loss


def apply(method: Method, kind: str, steps: int = 20, head_seed: int = 0) -> nn.Module:
    """A tiny model with the method on it, knowing all that a run would tell it."""
    model = make_model(kind, head_seed)
    batch = make_batch(kind)
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    context = RunContext(
        total_steps=steps, seed=3, heads=KINDS[kind].heads, batches=[inputs] * 2, loss=lambda _: loss_of(model, kind)
    )
    torch.manual_seed(3)
    return method.apply(model, context)


def learn(method: Method, model: nn.Module, kind: str, rate: float, steps: int = 20, start: int = 1) -> list[float]:
    """Losses of some updates on the one batch, with every hook of the method, as the engine calls them."""
    learning = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [weight], "lr": rate * method.rate_factor(name)} for name, weight in learning], weight_decay=0.0
    )
    losses = []
    for step in range(start, start + steps):
        model.train()
        loss = loss_of(model, kind)
        loss.backward()
        method.before_update(model, step)
        optimizer.step()
        method.after_update(model, step)
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss))
    return losses
