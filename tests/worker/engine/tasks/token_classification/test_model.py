"""The tagger: where its head is, what lies below it, and how logits become entities."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, BertModel

from app.catalog.card import BaseModelCard
from app.errors import StudioError
from tests.tiny_tokens import LABELS, make_spec
from worker.engine.tasks.token_classification.data import tag_names
from worker.engine.tasks.token_classification.model import Tagger, decode, entities_of, find_head, load_tagger

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])


def test_a_tag_that_cannot_follow_is_not_given() -> None:
    # O, B-A, I-A, B-B, I-B
    logits = np.array([[0, 1, 5, 2, 0], [0, 0, 4, 0, 5], [9, 0, 0, 0, 0], [3, 0, 0, 2, 8]], dtype=float)
    tags = decode(logits)
    assert tags == [3, 4, 0, 0]
    assert [tuple(entry) for entry in entities_of(tags, ["A", "B"])] == [(0, 2, "B")]


def test_encoder_below_the_head_holds_what_a_method_put_into_it(tagger: Tagger) -> None:
    ids = torch.arange(4, 12).reshape(1, 8)
    untouched = tagger.encoder()(ids).last_hidden_state
    tagger.network = make_spec({"kind": "head-only"}).method.apply(tagger.network)
    torch.testing.assert_close(tagger.encoder()(ids).last_hidden_state, untouched)
    tagger.network = make_spec().method.apply(tagger.network)
    for name, weight in tagger.network.named_parameters():
        if "lora_B" in name:
            torch.nn.init.ones_(weight)
    assert not torch.allclose(tagger.eval().encoder()(ids).last_hidden_state, untouched, atol=1e-2)


def test_logits_are_the_head_on_the_vectors_whatever_the_padding(tagger: Tagger) -> None:
    assert tagger.heads == ("classifier",)
    with torch.no_grad():
        logits = tagger(IDS, MASK)
        assert torch.allclose(logits, tagger.head()(tagger.vectors(IDS, MASK)), atol=1e-6)
        assert torch.allclose(logits[1, :3], tagger(IDS[1:, :3], MASK[1:, :3])[0], atol=1e-6)
    assert logits.shape == (2, 4, 5) and not tagger.head()._forward_pre_hooks


def test_head_is_found_by_name_and_a_model_without_one_is_refused() -> None:
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    assert find_head(BertForTokenClassification(config)) == "classifier"
    with pytest.raises(StudioError, match="BertModel") as caught:
        find_head(BertModel(config))
    assert caught.value.code == "unknown_architecture"


def test_model_made_for_other_labels_gets_a_new_head(tiny_base: tuple[BaseModelCard, Path], tmp_path: Path) -> None:
    other = BertForSequenceClassification.from_pretrained(tiny_base[1], num_labels=2)
    other.save_pretrained(tmp_path)
    tagger = load_tagger(tmp_path, tag_names(LABELS))
    assert tagger.heads == ("classifier",) and tagger.head().out_features == 5
    embeddings = tagger.encoder().embeddings.word_embeddings.weight
    assert torch.equal(embeddings, other.bert.embeddings.word_embeddings.weight)


def test_head_stays_in_full_precision_on_a_4_bit_encoder(tiny_base: tuple[BaseModelCard, Path]) -> None:
    tagger = load_tagger(tiny_base[1], tag_names(LABELS), "nf4")
    layer = tagger.encoder().encoder.layer[0].output.dense
    assert type(layer).__name__ == "Linear4bit" and not layer.support_avx512bf16_for_cpu
    assert tagger.head().weight.dtype == torch.float32


def test_inside_tag_after_another_type_or_at_the_beginning_is_replaced_by_the_best_possible() -> None:
    # O, B-A, I-A: the first word cannot be inside; after B-A it can.
    assert decode(np.array([[0.0, 1.0, 9.0], [0.0, 1.0, 9.0]])) == [1, 2]
    assert decode(np.array([[2.0, 1.0, 9.0], [0.0, 1.0, 9.0]])) == [0, 1]
