"""The classifier: pooling as the encoder was trained, padding that changes nothing, vectors from a cache."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from app.catalog.card import BaseModelCard
from worker.engine.modeling.partly_frozen import row_key
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])


def test_padding_changes_no_answer_and_gets_no_gradient(classifier: PooledClassifier) -> None:
    short = torch.tensor([[2, 5, 6, 3]])
    padded = torch.tensor([[2, 5, 6, 3, 0, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    assert torch.allclose(classifier(short, torch.ones_like(short)), classifier(padded, mask), atol=1e-6)
    classifier(padded, mask).sum().backward()
    assert classifier.encoder.embeddings.word_embeddings.weight.grad[0].abs().sum() == 0


@pytest.mark.parametrize("normalized", [True, False])
def test_sentence_vector_is_the_mean_or_the_first_of_the_token_vectors(
    tiny_base: tuple[BaseModelCard, Path], normalized: bool
) -> None:
    card, folder = tiny_base
    encoder = load_encoder(folder, card).eval()
    tokens = encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state
    expected = {"mean": torch.stack([tokens[0].mean(0), tokens[1, :3].mean(0)]), "first": tokens[:, 0]}
    for pooling, vectors in expected.items():
        model = PooledClassifier(encoder, make_head(32, 3), replace(card, pooling=pooling, normalize=normalized))
        wanted = normalize(vectors, dim=-1) if normalized else vectors
        assert torch.allclose(model.features(IDS, MASK), wanted, atol=1e-6)


def test_head_computes_in_fp32_under_mixed_precision(classifier: PooledClassifier) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = classifier(IDS, MASK)
        vectors = classifier.features(IDS, MASK)
    assert logits.dtype == torch.float32
    assert torch.allclose(logits, classifier.head(vectors), atol=1e-6)


def test_kept_vectors_are_used_only_if_all_texts_of_the_batch_are_known(classifier: PooledClassifier) -> None:
    computed = classifier.features(IDS, MASK)
    kept = {row_key([2, 5, 6, 3]): torch.ones(32), row_key([2, 7, 3]): torch.zeros(32)}
    classifier.cached_vectors = kept
    assert torch.equal(classifier.features(IDS, MASK), torch.stack([torch.ones(32), torch.zeros(32)]))
    classifier.cached_vectors = {row_key([2, 7, 3]): torch.zeros(32)}
    assert torch.allclose(classifier.features(IDS, MASK), computed, atol=1e-6)
    classifier.cached_vectors = kept
    classifier.drop_caches()
    assert torch.allclose(classifier.features(IDS, MASK), computed, atol=1e-6)


def test_encoder_is_loaded_without_the_pooler_and_from_safetensors_only(
    tiny_base: tuple[BaseModelCard, Path], tmp_path: Path
) -> None:
    card, folder = tiny_base
    encoder = load_encoder(folder, card)
    assert encoder.pooler is None
    assert sum(weight.numel() for weight in encoder.parameters()) == card.parameters
    encoder.config.save_pretrained(tmp_path)
    torch.save(encoder.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load_encoder(tmp_path, card)


def test_encoder_is_given_which_tokens_are_of_the_second_text(classifier: PooledClassifier) -> None:
    ids, mask = torch.tensor([[2, 5, 3, 6, 3], [2, 7, 3, 0, 0]]), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    plain = classifier.features(ids, mask)
    classifier.tell_apart([[2, 5, 3, 6, 3]], [[0, 0, 0, 1, 1]])
    types = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
    states = classifier.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
    found = classifier.features(ids, mask)
    assert torch.allclose(found[0], normalize(states[0].mean(0), dim=-1), atol=1e-6)
    assert not torch.allclose(found[0], plain[0], atol=1e-3) and torch.allclose(found[1], plain[1], atol=1e-6)
    assert classifier.token_types_of(ids[1:], mask[1:]) == {}


def test_encoder_without_token_types_is_given_none(classifier: PooledClassifier) -> None:
    classifier.reads_token_types = False
    classifier.tell_apart([[2, 5, 3, 6, 3]], [[0, 0, 0, 1, 1]])
    assert classifier.token_types_of(IDS, MASK) == {}
