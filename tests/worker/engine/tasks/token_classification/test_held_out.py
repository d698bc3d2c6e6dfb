"""Tags of the folds of a tagger, put together again; and what a table of words marks."""

import json

import numpy as np

from app.catalog.task_types.tagged_text import from_tags
from tests.worker.engine.tasks.token_classification.test_evaluate import LABELS, TAGS
from worker.engine.tasks.token_classification.data import TaggedSplit, WordTokens
from worker.engine.tasks.token_classification.held_out import HeldOutSentences, look_up, score_lookup

SENTENCES = [
    from_tags(["Anna", "Kovac", "met", "Bo"], ["B-A", "I-A", "O", "B-B"]),
    from_tags(["Bo", "left"], ["B-B", "O"]),
    from_tags(["Kovac", "sang"], ["B-A", "O"]),
]


def split_of(*row_ids: int) -> TaggedSplit:
    chosen = [SENTENCES[row_id] for row_id in row_ids]
    encodings = [WordTokens([5] * len(item.places), list(range(len(item.places))), False) for item in chosen]
    return TaggedSplit(list(row_ids), chosen, encodings, [[row_id] for row_id in row_ids])


def fold(*row_ids: int) -> dict:
    split = split_of(*row_ids)
    logits = [
        np.full((len(item.places), len(TAGS)), row_id / 3, np.float32)
        for row_id, item in zip(row_ids, split.sentences, strict=True)
    ]
    tags = look_up(split.sentences, {}, TAGS)
    return json.loads(
        json.dumps(HeldOutSentences(split, logits, [-logit for logit in logits], {"majority": tags}).as_json())
    )


def test_sentences_are_joined_in_the_order_of_their_ids() -> None:
    joined = HeldOutSentences.joined([fold(2, 0), fold(1)], [split_of(0, 1), split_of(2)])
    assert joined.split.row_ids == [0, 1, 2] and joined.split.sentences == SENTENCES
    assert joined.split.targets == [[0], [1], [2]]
    assert [float(logit[0, 0]) for logit in joined.logits] == [float(np.float32(n / 3)) for n in range(3)]
    assert [base_logit.shape for base_logit in joined.base_logits] == [(4, 5), (2, 5), (2, 5)]
    assert joined.lookups == {"majority": [[0, 0, 0, 0], [0, 0], [0, 0]]}


def test_a_table_of_words_marks_what_it_knows_and_begins_entities_itself() -> None:
    table = {"Anna": "B-A", "Kovac": "I-A", "Bo": "B-B"}
    given = look_up(SENTENCES, table, TAGS)
    # "Kovac" alone continues nothing, so it begins an entity.
    assert given == [[1, 2, 0, 3], [3, 0], [1, 0]]
    assert score_lookup(split_of(0, 1, 2), given, TAGS, LABELS) == {
        "f1": 1.0,
        "precision": 1.0,
        "recall": 1.0,
        "token_accuracy": 1.0,
    }
    nothing = score_lookup(split_of(0, 1, 2), look_up(SENTENCES, {}, TAGS), TAGS, LABELS)
    assert nothing["f1"] == 0 and nothing["token_accuracy"] == 3 / 8
