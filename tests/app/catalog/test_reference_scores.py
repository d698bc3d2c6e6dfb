"""chrF and BLEU against references: the numbers are sacrebleu's own, intervals and paired tests follow the texts."""

import numpy as np
import pytest
import sacrebleu

from app.catalog import reference_scores
from app.catalog.reference_scores import BLEU, CHRF

ANSWERS = ["The cat sat on the mat.", "It rains in the old town today.", "Nobody knows.", "Where was it built in 1889?"]
REFERENCES = [
    ["The cat sat on a mat.", "A cat was sitting on the mat."],
    ["It is raining in the old town today."],
    ["Nobody knows that.", "No one knows.", "Nobody knows."],
    ["When was it built in 1889?"],
]
# As sacrebleu takes them: one list for each reference, with gaps.
STREAMS = [[known[at] if at < len(known) else None for known in REFERENCES] for at in range(3)]


def test_scores_are_those_of_sacrebleu_with_any_number_of_references() -> None:
    counts = reference_scores.count(ANSWERS, REFERENCES)
    assert counts.score(CHRF) == pytest.approx(sacrebleu.corpus_chrf(ANSWERS, STREAMS).score / 100)
    assert counts.score(BLEU) == pytest.approx(sacrebleu.corpus_bleu(ANSWERS, STREAMS).score / 100)
    alone = [
        sacrebleu.sentence_chrf(answer, known).score / 100 for answer, known in zip(ANSWERS, REFERENCES, strict=True)
    ]
    assert counts.of_texts(CHRF) == pytest.approx(alone)


def test_score_of_drawn_texts_is_that_of_a_corpus_of_them() -> None:
    counts, rows = reference_scores.count(ANSWERS, REFERENCES), np.array([2, 0, 0, 3])
    drawn = [[None if stream[row] is None else stream[row] for row in rows] for stream in STREAMS]
    expected = sacrebleu.corpus_chrf([ANSWERS[row] for row in rows], drawn).score / 100
    assert counts.score(CHRF, rows) == pytest.approx(expected)


def test_interval_holds_the_score_and_narrows_with_more_texts() -> None:
    few, many = (reference_scores.count(ANSWERS * times, REFERENCES * times) for times in (1, 25))
    (low, high), (lower, higher) = few.interval(CHRF), many.interval(CHRF)
    assert low <= few.score(CHRF) <= high
    assert higher - lower < (high - low) / 3


def test_paired_test_finds_what_is_better_and_nothing_between_equals() -> None:
    right, wrong = (reference_scores.count(given * 10, REFERENCES * 10) for given in (ANSWERS, ["The cat."] * 4))
    pair = reference_scores.paired(right, wrong)
    assert pair.verdict == "better" and pair.first_only == 40
    assert pair.difference == pytest.approx(right.score(CHRF) - wrong.score(CHRF))
    assert reference_scores.paired(right, right).verdict == "same"


def test_signature_lets_others_repeat_the_score() -> None:
    reference_scores.count(ANSWERS, REFERENCES)
    assert "nrefs:var" in reference_scores.signature(BLEU) and "tok:13a" in reference_scores.signature(BLEU)
