"""Data and results with marked words: repairs and splits of the data, comparison of runs sentence by sentence, verdicts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app import storage
from app.catalog.entity_scores import Counts
from app.db import transaction
from app.errors import Rejected
from app.models import SUCCEEDED, Dataset, Job, Prediction, Run
from app.services.datasets import changes, datasets
from app.services.datasets.changes import MergeLabels, Repair
from app.services.datasets.row_search import Selection, find_rows
from app.services.evaluation import comparison, leaderboard, paired, statistics
from app.services.evaluation.comparison import Comparison
from app.services.evaluation.leaderboard_rows import RankedMetric
from app.services.evaluation.metric_table import MetricRow
from app.services.profiling.marked_rows import with_marks
from app.services.runs import derivations
from tests.factories import SPEC, make_run, make_version

LABELS = ["PER", "(nothing)"]


def import_rows(owner: str, folder: Path, rows: Sequence[dict[str, Any]]) -> Dataset:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return datasets.import_file(owner, path, path.name)


def sentences(count: int, *odd: tuple[str, str]) -> list[dict[str, Any]]:
    good = [(f"Person{n} likes thing{n} number {n} best", "B-PER O B-THING O O O") for n in range(count)]
    return [{"tokens": words.split(), "tags": tags.split()} for words, tags in [*good, *odd]]


def problems(made: Dataset) -> set[str]:
    return {each["code"] for each in datasets.latest_version(made).report["problems"]}


def shown(made: Dataset, **selection: Any) -> list[dict[str, Any]]:
    version = datasets.latest_version(made)
    page = find_rows(storage.dataset_dir(version.id), Selection(**selection)).as_dict()
    return [row["marked"] for row in with_marks(page, version)["rows"]]


def test_one_click_begins_entities_with_b(owner: str, tmp_path: Path) -> None:
    made = import_rows(owner, tmp_path, sentences(40, ("Bo Lund left early today", "I-PER I-PER O O O")))
    assert "i_without_b" in problems(made)
    before = shown(made, problem="i_without_b")
    changed = changes.change(owner, made.id, [Repair(Selection(problem="i_without_b"))])
    assert "i_without_b" not in problems(changed)
    assert (
        shown(changed, search="Lund")
        == before
        == [{"column": "tokens", "text": "Bo Lund left early today", "spans": [[0, 7, "PER"]]}]
    )
    with pytest.raises(Rejected, match="Nothing would be different"):
        changes.change(owner, made.id, [Repair(Selection())])


def test_types_that_differ_in_spelling_become_one(owner: str, tmp_path: Path) -> None:
    odd = [("Bo left today", "B-Per O O"), ("Al stayed a while longer", "B-per O O O O")]
    made = import_rows(owner, tmp_path, sentences(40, *odd))
    assert "label_spelling" in problems(made)
    changed = changes.change(owner, made.id, [MergeLabels()])
    assert datasets.latest_version(changed).labels == {"PER": 42, "THING": 40}


def test_every_part_of_the_data_has_the_rare_type(owner: str, tmp_path: Path) -> None:
    """Ten sentences of a hundred and ten have a DATE; by chance the test would have one or none."""
    rare = [(f"Guest{n} sees {n} shows on Monday", "B-PER O O O O B-DATE") for n in range(10)]
    version = datasets.latest_version(import_rows(owner, tmp_path, sentences(100, *rare)))
    splits = storage.read_json(storage.dataset_dir(version.id) / "splits.json")
    assert [sum(row_id >= 100 for row_id in splits[name]) for name in ("train", "validation", "test")] == [8, 1, 1]


# Sentence numbers are their texts; the expected answer is always one PER in the first character.
RIGHT, MISSED, EXTRA = [[0, 1, "PER"]], [], [[0, 1, "PER"], [2, 3, "PER"]]


def end_run(run_id: str, tuned: Sequence[Any], base: Sequence[Any], **more: Any) -> None:
    counts = [Counts(min(1, len(each)), len(each), 1) for each in tuned]
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
                answer=json.dumps(each),
                score=0.5,
            )
            for n, each in enumerate(tuned)
        )


def row_of(result: Comparison, key: str) -> MetricRow:
    return next(row for row in result.metrics if row.key == key)


@pytest.fixture
def place(owner: str) -> tuple[str, str]:
    return make_version(owner)


SPEC_TOKENS = {**SPEC, "task_type": "token-classification", "training": {"max_length": 128}}


def test_runs_are_compared_sentence_by_sentence(owner: str, place: tuple[str, str], any_database: str) -> None:
    place = make_version(owner)
    one, other = (make_run(owner, place, name, SPEC_TOKENS) for name in ("one", "other"))
    end_run(one.id, [RIGHT] * 60 + [MISSED] * 4, [RIGHT] * 30 + [MISSED] * 34)
    end_run(other.id, [RIGHT] * 58 + [EXTRA] * 2 + [MISSED] * 4, [RIGHT] * 30 + [MISSED] * 34)
    told = comparison.compare(owner, [one.id, other.id])
    f1 = row_of(told, "test/f1")
    assert f1.verdicts == {one.id: "better", other.id: "better"}
    assert (f1.paired[one.id].gained, f1.paired[one.id].lost) == (30, 0)
    assert f1.intervals[one.id] == pytest.approx([f1.values[one.id] - 0.01, f1.values[one.id] + 0.01])
    assert f1.best == [] and row_of(told, "test/recall").verdicts[one.id] == "better"
    found = told.verdicts[one.id]
    assert found[0].title == "Clearly better than the linear probe on the base model."
    assert "30 sentences with fewer mistakes after tuning, 0 with more" in found[0].evidence
    beside = row_of(comparison.compare(owner, [one.id, other.id], baseline=one.id), "test/f1")
    assert beside.verdicts == {other.id: "unclear"}


def test_an_experiment_ranks_by_entity_f1(owner: str, place: tuple[str, str]) -> None:
    made = [make_run(owner, place, name, SPEC_TOKENS) for name in ("strong", "weak")]
    end_run(made[0].id, [RIGHT] * 60, [MISSED] * 60)
    end_run(made[1].id, [RIGHT] * 20 + [MISSED] * 40, [MISSED] * 60)
    with transaction() as session:
        runs = [session.get_one(Run, run.id) for run in made]
        answers = paired.answers_of(session, runs)
        told = leaderboard.build(runs, answers, {})
    assert told.metric == RankedMetric("f1", "Entity F1", "share", True)
    assert [(row.name, row.rank, row.verdict) for row in told.rows] == [
        ("strong", "best", "better"),
        ("weak", "behind", "better"),
    ]


def test_verdicts_tell_of_weak_types_and_cut_sentences(owner: str, place: tuple[str, str]) -> None:
    run = make_run(owner, place, "run", SPEC_TOKENS)
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
    told = {verdict.title: verdict.remedy for verdict in comparison.compare(owner, [run.id]).verdicts[run.id]}
    assert told["Low recall: some types are mostly missed."].page == "data"
    assert told["Too few test entities to say precisely how good it is."].page == "data"
    (longer,) = [remedy for title, remedy in told.items() if title.startswith("3 test sentences were cut")]
    # Twice the longest text of the run, which had the usual 128 tokens.
    assert longer.training == {"max_length": 256}


def test_adapters_that_hold_their_answer_layer_are_not_averaged(owner: str, place: tuple[str, str]) -> None:
    made = [make_run(owner, place, name, SPEC_TOKENS) for name in ("one", "other")]
    for run in made:
        end_run(run.id, [RIGHT] * 5, [MISSED] * 5)
    with pytest.raises(Rejected, match="Models that label words cannot be combined"):
        derivations.combine(owner, derivations.CombineRequest([run.id for run in made]))


def test_the_difference_of_f1_has_an_interval_by_sentences() -> None:
    good, bad = Counts(1, 1, 1), Counts(0, 0, 1)
    same = statistics.paired_f1([good] * 30, [good] * 30)
    assert (same.verdict, same.difference) == ("same", 0.0)
    clear = statistics.paired_f1([good] * 30, [good] * 10 + [bad] * 20)
    assert clear.verdict == "better" and clear.difference == pytest.approx(1 - 0.5)
    assert clear.interval[0] > 0.2 and (clear.first_only, clear.second_only) == (20, 0)
    assert statistics.paired_f1([good, bad], [bad, good]).verdict == "unclear"
