"""A tiny real encoder with its tokenizer, made on the spot, and tiny labelled rows; for tests of the engine."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from pyarrow import parquet
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec

WORDS = [
    "the",
    "a",
    "card",
    "bank",
    "money",
    "lost",
    "stolen",
    "blocked",
    "transfer",
    "late",
    "pending",
    "rate",
    "open",
    "close",
    "please",
    "help",
    "my",
    "is",
    "was",
    "new",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
LABELS = ["cards", "rates", "transfers"]
CLUES = {"cards": ["card", "stolen", "blocked"], "rates": ["rate", "open", "close"], "transfers": ["transfer", "late"]}


def make_base(folder: Path, pooling: str = "mean") -> BaseModelCard:
    """Write a two-layer encoder of width 32 and its tokenizer; returns the card that describes it."""
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.save_pretrained(str(folder))
    make_tokenizer().save_pretrained(str(folder))
    return BaseModelCard(
        name="tiny",
        title="Tiny",
        summary="",
        licence="Apache-2.0",
        source="made by the tests",
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        hidden_size=32,
        layers=2,
        context_length=64,
        linear_shapes=((32, 32), (32, 32), (32, 32), (32, 32), (32, 64), (64, 32)),
        hub_id="tests/tiny",
        package="",
        folder="",
        weights_sha256="tiny",
        pooling=pooling,
        load_arguments=(("add_pooling_layer", False),),
        block_parameters=sum(parameter.numel() for parameter in model.encoder.layer[0].parameters()),
        block_norm_parameters=4 * 32,
        outer_norm_parameters=2 * 32,
    )


def make_rows(folder: Path, per_label: int = 20) -> None:
    """Write ``rows.parquet`` and ``splits.json``: texts of 3-12 words, each with a clue to its label; 70/15/15."""
    rng = torch.Generator().manual_seed(3)

    def draw(most: int) -> int:
        return int(torch.randint(most, (1,), generator=rng))

    texts, labels = [], []
    for number in range(per_label * len(LABELS)):
        label = LABELS[number % len(LABELS)]
        words = [WORDS[draw(len(WORDS))] for _ in range(2 + draw(10))]
        words.insert(draw(len(words)), CLUES[label][draw(len(CLUES[label]))])
        texts.append(" ".join(words))
        labels.append(label)
    write_rows(folder, {"text": texts, "label": labels})


def write_rows(folder: Path, columns: Mapping[str, Sequence[str | None]], first_line: int = 2) -> None:
    """A dataset version's folder, ``rows.parquet`` and ``splits.json``, from columns of cells: 70/15/15."""
    count = len(next(iter(columns.values())))
    table = {"_id": range(count), "_line": range(first_line, count + first_line), **columns}
    parquet.write_table(pa.table({name: list(values) for name, values in table.items()}), folder / "rows.parquet")
    first, second, ids = round(count * 0.7), round(count * 0.85), list(range(count))
    splits = {"train": ids[:first], "validation": ids[first:second], "test": ids[second:]}
    (folder / "splits.json").write_text(json.dumps(splits))


SORTING = {"task_type": "text-classification", "columns": {"text": "text", "label": "label"}, "labels": LABELS}


def make_spec(method: dict | None = None, task: Mapping[str, Any] = SORTING, **training: object) -> RunSpec:
    """A spec for tiny rows: fp32 and eight rows per update by default."""
    settings = {"epochs": 2, "batch_size": 8, "precision": "fp32", "max_length": 32, **training}
    return RunSpec.model_validate(
        {
            **task,
            "base_model": "tiny",
            "method": method or {"kind": "lora", "rank": 4},
            "training": settings,
            "dataset_sha256": "0" * 64,
        }
    )


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Words, and the marks that encoders put around a text."""
    words = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        # As BERT's own tokenizer, which says which of two texts a token belongs to.
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
