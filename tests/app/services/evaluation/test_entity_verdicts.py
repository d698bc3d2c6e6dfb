"""Runs that tag entities: verdicts, comparison and ranking by entity F1, paired by sentence."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.catalog.entity_scores import Counts
from app.db import transaction
from app.models import SUCCEEDED, Job, Prediction, Run
from app.services.evaluation import comparison, leaderboard, paired_answers
from app.services.evaluation.comparison import Comparison
from app.services.evaluation.leaderboard_rows import RankedMetric
from app.services.evaluation.metric_table import MetricRow
from tests.factories import SPEC, make_run, make_version

LABELS = ["PER", "(nothing)"]

# Sentence numbers are their texts; the expected answer is always one PER in the first character.
RIGHT, MISSED, EXTRA = [[0, 1, "PER"]], [], [[0, 1, "PER"], [2, 3, "PER"]]


def end_run(run_id: str, tuned: Sequence[Any], base: Sequence[Any], **more: Any) -> None:
    counts = [Counts(min(1, len(spans)), len(spans), 1) for spans in tuned]
    f1 = 2 * sum(c.right for c in counts) / sum(c.given + c.wanted for c in counts)
    with transaction() as session:
        run = session.get_one(Run, run_id)
        session.get_one(Job, run.job_id).state = SUCCEEDED
        run.task_type = "token-classification"
        run.results = {
            "metrics": {"f1": f1, "precision": f1, "recall": f1, "token_accuracy": 0.9, "loss": 0.1},
            "intervals": {"f1": [f1 - 0.01, f1 + 0.01]},
            "labels": LABELS,
            "test_rows": len(tuned),
            "test_entities": len(tuned),
            "baseline": {"linear_probe": {"f1": 0.5, "recall": 0.5}},
            **more,
        }
        session.add_all(
            Prediction(
                run_id=run_id,
                split="test",
                row_id=n,
                input=f"{n} x",
                expected=json.dumps(RIGHT),
                base_answer=json.dumps(base[n]),
                answer=json.dumps(spans),
                score=0.5,
            )
            for n, spans in enumerate(tuned)
        )


def row_of(result: Comparison, key: str) -> MetricRow:
    return next(row for row in result.metrics if row.key == key)


@pytest.fixture
def version(owner: str) -> tuple[str, str]:
    return make_version(owner)


SPEC_TOKENS = {**SPEC, "task_type": "token-classification", "training": {"max_length": 128}}


def test_runs_are_compared_sentence_by_sentence(owner: str, version: tuple[str, str], any_database: str) -> None:
    version = make_version(owner)
    first, second = (make_run(owner, version, name, SPEC_TOKENS) for name in ("first", "second"))
    end_run(first.id, [RIGHT] * 60 + [MISSED] * 4, [RIGHT] * 30 + [MISSED] * 34)
    end_run(second.id, [RIGHT] * 58 + [EXTRA] * 2 + [MISSED] * 4, [RIGHT] * 30 + [MISSED] * 34)
    result = comparison.compare(owner, [first.id, second.id])
    f1 = row_of(result, "test/f1")
    assert f1.verdicts == {first.id: "better", second.id: "better"}
    assert (f1.paired[first.id].gained, f1.paired[first.id].lost) == (30, 0)
    assert f1.intervals[first.id] == pytest.approx([f1.values[first.id] - 0.01, f1.values[first.id] + 0.01])
    assert f1.best == [] and row_of(result, "test/recall").verdicts[first.id] == "better"
    found = result.verdicts[first.id]
    assert found[0].title == "Clearly better than the linear probe on the base model."
    assert "30 sentences with fewer mistakes after tuning, 0 with more" in found[0].evidence
    against_first = row_of(comparison.compare(owner, [first.id, second.id], baseline=first.id), "test/f1")
    assert against_first.verdicts == {second.id: "unclear"}


def test_leaderboard_ranks_by_entity_f1(owner: str, version: tuple[str, str]) -> None:
    made = [make_run(owner, version, name, SPEC_TOKENS) for name in ("strong", "weak")]
    end_run(made[0].id, [RIGHT] * 60, [MISSED] * 60)
    end_run(made[1].id, [RIGHT] * 20 + [MISSED] * 40, [MISSED] * 60)
    with transaction() as session:
        runs = [session.get_one(Run, run.id) for run in made]
        answers = paired_answers.answers_of(session, runs)
        table = leaderboard.build(runs, answers, {})
    assert table.metric == RankedMetric("f1", "Entity F1", "share", True)
    assert [(row.name, row.rank, row.verdict) for row in table.rows] == [
        ("strong", "best", "better"),
        ("weak", "behind", "better"),
    ]


def test_weak_types_and_truncated_sentences_are_reported(owner: str, version: tuple[str, str]) -> None:
    run = make_run(owner, version, "run", SPEC_TOKENS)
    types = [{"label": "PER", "recall": 0.9, "count": 50}, {"label": "DATE", "recall": 0.2, "count": 10}]
    end_run(
        run.id,
        [RIGHT] * 5,
        [MISSED] * 5,
        per_class=types,
        cut_test_rows=3,
        intervals={"f1": [0.6, 1.0]},
        test_entities=5,
    )
    remedies = {verdict.title: verdict.remedy for verdict in comparison.compare(owner, [run.id]).verdicts[run.id]}
    assert remedies["Low recall: some types are mostly missed."].page == "data"
    assert remedies["Too few test entities to say precisely how good it is."].page == "split"
    (longer,) = [remedy for title, remedy in remedies.items() if title.startswith("3 test sentences were cut")]
    # Twice the longest text of the run, which had the usual 128 tokens.
    assert longer.training == {"max_length": 256}


def test_perfect_f1_offers_no_mistakes_to_look_through(owner: str, version: tuple[str, str]) -> None:
    def tip(tuned: list[Any]) -> str:
        run = make_run(owner, version, "run", SPEC_TOKENS)
        end_run(run.id, tuned, [MISSED] * 60)
        found = comparison.compare(owner, [run.id]).verdicts[run.id]
        return next(verdict.tip for verdict in found if verdict.severity == "good")

    assert "what it missed" in tip([RIGHT] * 59 + [MISSED])
    assert "what it missed" not in tip([RIGHT] * 60)
