"""Logits of words, what they mark, and the scores of that."""

from typing import Any

import numpy as np
import pytest
import torch

from app.catalog.entity_scores import Counts
from app.catalog.task_types.tagged_text import Sentence, from_tags
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.token_classification.data import TaggedSplit, WordTokens, tag_names, tokenize_and_align
from worker.engine.tasks.token_classification.evaluate import answer, counts, probe, read_all, score
from worker.engine.tasks.token_classification.model import Tagger

LABELS = ["A", "B"]
TAGS = tag_names(LABELS)
# Logits of ln 4 for one tag and 0 for the other four make it 4 / 8 = 1/2, the others 1/8 each.
HIGH = float(np.log(4.0))


def split_of(*sentences: Sentence, read: int = 99) -> TaggedSplit:
    """Sentences with one token for each word, of which the first ``read`` are read."""
    encodings = [
        WordTokens(
            [5] * min(read, len(sentence.places)),
            list(range(min(read, len(sentence.places)))),
            len(sentence.places) > read,
        )
        for sentence in sentences
    ]
    return TaggedSplit(list(range(len(sentences))), list(sentences), encodings, [])


def sure_of(*tags: str) -> np.ndarray:
    logits = np.zeros((len(tags), len(TAGS)), dtype=np.float32)
    for row, tag in enumerate(tags):
        logits[row, TAGS.index(tag)] = HIGH
    return logits


SENTENCE = from_tags(["Anna", "Kovac", "met", "Bo"], ["B-A", "I-A", "O", "B-B"])


def test_entities_get_their_characters_and_mean_probability() -> None:
    (found,) = answer(split_of(SENTENCE), [sure_of("B-A", "I-A", "O", "B-B")], LABELS)
    assert found.spans == [[0, 10, "A"], [15, 17, "B"]]
    assert found.span_probabilities == pytest.approx([0.5, 0.5]) and found.probability == pytest.approx(0.5)
    assert found.tags == [1, 2, 0, 3]


def test_scores_by_hand() -> None:
    # Of two entities one is found; one word of four has a wrong tag.
    data, logits = split_of(SENTENCE), [sure_of("B-A", "I-A", "O", "O")]
    answers = answer(data, logits, LABELS)
    assert counts(data, [item.spans for item in answers]) == [Counts(1, 1, 2)]
    found = score(data, logits, answers, TAGS)
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx((1, 1 / 2, 2 / 3))
    assert found["token_accuracy"] == 3 / 4
    assert found["loss"] == pytest.approx(-(3 * np.log(1 / 2) + np.log(1 / 8)) / 4, rel=1e-5)


def test_words_that_were_not_read_are_unmarked_and_count_as_missed() -> None:
    data, logits = split_of(SENTENCE, read=2), [sure_of("B-A", "I-A")]
    answers = answer(data, logits, LABELS)
    assert answers[0].tags == [1, 2, 0, 0]
    assert score(data, logits, answers, TAGS)["recall"] == 1 / 2


def test_word_without_a_token_of_its_own_continues_the_entity_before_it() -> None:
    # The second and the third word have no token; the last word that is read ends what may be continued.
    encoding = WordTokens([5, 5], [0, 3], False)
    data = TaggedSplit([0], [SENTENCE], [encoding], [])
    (found,) = answer(data, [sure_of("B-A", "B-B")], LABELS)
    assert found.tags == [1, 2, 2, 3]
    (plain,) = answer(data, [sure_of("O", "B-B")], LABELS)
    assert plain.tags == [0, 0, 0, 3]


def tokenized(tokenizer: Any, *sentences: Sentence) -> TaggedSplit:
    return tokenize_and_align(list(enumerate(sentences)), TAGS, tokenizer, 32, ListReport(), every_token=False)


@pytest.fixture
def rows(tiny_base) -> TaggedSplit:
    sentences = [from_tags(["my", "card", "lost"], ["B-A", "I-A", "O"]), from_tags(["bank"], ["B-B"])] * 6
    return tokenized(load_tokenizer(tiny_base[1]), *sentences)


def test_each_sentence_gets_the_logits_that_it_has_alone(
    tagger: Tagger, rows: TaggedSplit, evaluation: EvaluationLoop
) -> None:
    found = read_all(tagger, rows, evaluation)
    for logits, tokens in zip(found, rows.tokens, strict=True):
        ids = torch.tensor([tokens])
        with torch.no_grad():
            expected = tagger(ids, torch.ones_like(ids))[0, 1:-1]
        np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)


def test_probe_tells_words_apart_that_the_encoder_tells_apart(
    tagger: Tagger, rows: TaggedSplit, evaluation: EvaluationLoop
) -> None:
    probe(tagger, rows, len(TAGS), evaluation).copy_to(tagger.head())
    logits = read_all(tagger, rows, evaluation)
    assert score(rows, logits, answer(rows, logits, LABELS), TAGS)["token_accuracy"] == 1.0
