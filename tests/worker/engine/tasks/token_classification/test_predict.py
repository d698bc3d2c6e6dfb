"""A download that marks texts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from app.catalog.card import BaseModelCard
from app.catalog.task_types.tagged_text import word_places
from tests.tiny_tokens import LABELS, make_spec
from worker.engine.modeling import adapter_files
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.token_classification.data import tag_names
from worker.engine.tasks.token_classification.model import load_tagger
from worker.engine.tasks.token_classification.predict import TagPredictor

TEXTS = ["my card is lost, please", "bank", "the " * 40 + "bank", ""]


@pytest.fixture(scope="module")
def predictor(tiny_base: tuple[BaseModelCard, Path], tmp_path_factory: pytest.TempPathFactory) -> TagPredictor:
    """An untrained head of random weights, saved as a run saves it."""
    base, folder = tiny_base[1], tmp_path_factory.mktemp("adapter")
    spec = make_spec({"kind": "head-only"})
    torch.manual_seed(3)
    tagger = load_tagger(base, tag_names(LABELS))
    torch.nn.init.normal_(tagger.head().weight)
    spec.method.save(tagger.network, folder, "tests/tiny")
    load_tokenizer(base).save_pretrained(str(folder))
    adapter_files.write_labels(folder, tag_names(LABELS))
    adapter_files.write_spec(folder, spec)
    return TagPredictor(folder, base)


def test_text_is_marked_the_same_among_others_of_any_length(predictor: TagPredictor) -> None:
    together = predictor.predict(TEXTS)
    assert any(answer["entities"] for answer in together)
    for text, answer in zip(TEXTS, together, strict=True):
        (alone,) = predictor.predict([text])
        assert [entity["text"] for entity in alone["entities"]] == [entity["text"] for entity in answer["entities"]]
        assert [e["score"] for e in alone["entities"]] == pytest.approx(
            [e["score"] for e in answer["entities"]], abs=1e-5
        )


def test_entities_stand_where_their_text_is(predictor: TagPredictor) -> None:
    for text, answer in zip(TEXTS, predictor.predict(TEXTS), strict=True):
        for entity in answer["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["text"]
            assert entity["label"] in LABELS and 0 < entity["score"] <= 1


def test_end_of_a_text_that_is_too_long_is_reported(predictor: TagPredictor) -> None:
    short, long = predictor.predict([TEXTS[0], TEXTS[2]])
    assert short["read_to"] == len(TEXTS[0])
    # Thirty of the 32 tokens are words of three letters and a space each, the last space not counted.
    assert long["read_to"] == 30 * 4 - 1
    assert predictor.predict([""])[0] == {"entities": [], "read_to": 0}


def test_logits_are_one_row_for_each_word_in_the_order_of_the_tags(predictor: TagPredictor) -> None:
    (logits,) = predictor.logits([(TEXTS[0], word_places(TEXTS[0]))])
    # my, card, is, lost, the comma, please.
    assert logits.shape == (6, 5) and logits.dtype == np.float32
