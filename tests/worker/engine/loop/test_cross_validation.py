"""Cross-validation as one run: every row is answered by a model that did not see it, and a killed run repeats no finished fold."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from app import manifest
from app.intervals import pooled_variance_factor, wilson
from app.run_report import Stopped
from tests import tiny_tokens
from tests.tiny import make_spec
from worker.engine.loop import cross_validation
from worker.engine.loop.cross_validation import all_rows_job, cross_validate
from worker.engine.loop.restore_checkpoint import restore
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob


class Interrupted(ListReport):
    """Asks to stop at a step of one part of the run."""

    def __init__(self, part: int, step: int) -> None:
        super().__init__()
        self.stop_in, self.asked = (part, step), False

    def record(self, kind: str, /, **fields) -> None:
        super().record(kind, **fields)
        if kind == "progress" and fields.get("part") == self.stop_in[0] and fields.get("step", 0) >= self.stop_in[1]:
            self.asked = True

    def should_stop(self) -> bool:
        return self.asked


def folded(make_job, **settings) -> TrainingJob:
    return make_job(make_spec(cross_validation_folds=3, **settings))


def predictions(job: TrainingJob) -> list[dict]:
    return [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]


@dataclass(frozen=True)
class Finished:
    job: TrainingJob
    report: ListReport
    results: dict[str, Any]


@pytest.fixture(scope="module")
def finished_runs() -> list[Finished]:
    return []


@pytest.fixture
def whole(make_job, finished_runs: list[Finished]) -> Finished:
    """A run that nothing interrupted; several tests read it and none changes it, so that it is trained once."""
    if not finished_runs:
        job, report = folded(make_job), ListReport()
        finished_runs.append(Finished(job, report, cross_validate(job, report)))
    return finished_runs[0]


def test_every_row_is_answered_by_a_model_that_did_not_see_it(whole: Finished) -> None:
    job, report, results = whole.job, whole.report, whole.results
    rows = predictions(job)
    assert [row["row_id"] for row in rows] == list(range(60)) and {row["split"] for row in rows} == {"test"}
    assert results["test_rows"] == 60 and results["cross_validation"]["folds"] == 3
    accuracy = sum(row["answer"] == row["expected"] for row in rows) / 60
    assert results["metrics"]["accuracy"] == pytest.approx(accuracy)
    assert results["intervals"]["accuracy"] == pytest.approx(wilson(accuracy, 60, pooled_variance_factor(3)))
    assert set(results["baseline"]) == {"majority", "tfidf", "nearest_neighbours", "linear_probe"}
    for fold in (1, 2, 3):
        split = json.loads((job.folder / "folds" / f"fold-{fold}" / "splits.json").read_text())
        answered = json.loads((job.folder / "folds" / f"fold-{fold}" / "answers.json").read_text())
        assert answered["held_out"]["row_ids"] == split["test"]
        assert not set(split["test"]) & set(split["train"]) | set(split["test"]) & set(split["validation"])
    # The model that is kept has no row held back for a test: 51 to learn from, 9 to choose the checkpoint.
    assert results["train_rows"] == 51 and manifest.holds(job.folder / "adapter")
    assert "3-fold cross-validation" in (job.folder / "adapter" / "README.md").read_text()
    # Curves and checkpoints of the run are those of the model that is kept.
    assert [step for step, _ in report.curve("eval/accuracy")] == [0, 7, 14]
    assert len(report.curve("fold-2/eval/accuracy")) == 3 and not list(job.folder.glob("folds/*/checkpoints"))


@pytest.mark.parametrize(("part", "step"), [(2, 5), (4, 8)], ids=["in a fold", "in the last training"])
def test_a_run_that_was_interrupted_equals_one_that_was_not(
    make_job, whole: Finished, monkeypatch, part: int, step: int
) -> None:
    expected = whole.results
    first, report = folded(make_job), Interrupted(part, step)
    with pytest.raises(Stopped):
        cross_validate(first, report)
    trained = []
    fit = cross_validation.fit
    monkeypatch.setattr(cross_validation, "fit", lambda job, *rest: trained.append(job.folder.name) or fit(job, *rest))
    checkpoint = report.checkpoints[-1] if report.checkpoints else None
    second = replace(folded(make_job), earlier_attempts=(first.folder,), resume_from=checkpoint)
    found = cross_validate(second, ListReport())
    # What was finished is not repeated.
    assert trained == {2: ["fold-2", "fold-3", second.folder.name], 4: [second.folder.name]}[part]
    assert predictions(second) == predictions(whole.job)
    assert found["metrics"] == expected["metrics"] and found["cross_validation"] == expected["cross_validation"]
    weights = [load_file(job.folder / "adapter" / "adapter_model.safetensors") for job in (whole.job, second)]
    assert all(bool((weights[0][name] == weights[1][name]).all()) for name in weights[0])


def test_folds_of_other_settings_are_trained_anew(make_job, whole: Finished, monkeypatch) -> None:
    second = replace(folded(make_job, learning_rate=1e-4), earlier_attempts=(whole.job.folder,))
    monkeypatch.setattr(cross_validation, "fit", lambda job, *rest: pytest.fail(f"trains {job.folder.name}"))
    with pytest.raises(pytest.fail.Exception, match="fold-1"):
        cross_validate(second, ListReport())


def test_sentences_are_cross_validated_as_texts_are(make_job, tmp_path: Path) -> None:
    tiny_tokens.make_rows(tmp_path, 40)
    spec = tiny_tokens.make_spec(cross_validation_folds=2, epochs=1)
    job = replace(make_job(spec), rows=tmp_path / "rows.parquet", splits=tmp_path / "splits.json")
    results = cross_validate(job, ListReport())
    assert results["test_rows"] == len(predictions(job)) == 40 and results["test_entities"] == 80
    assert set(results["baseline"]) == {"majority", "word_list", "linear_probe"}
    # "my card" and the clue words are the same everywhere, so a list of words finds them in every fold.
    assert results["baseline"]["word_list"]["f1"] > 0.9
    low, high = results["intervals"]["f1"]
    assert low <= results["metrics"]["f1"] <= high


def test_a_kept_step_is_restored_from_the_rows_that_it_learned_from(make_job) -> None:
    job, report = folded(make_job, epochs=1), ListReport()
    cross_validate(job, report)
    again = replace(folded(make_job, epochs=1), resume_from=report.checkpoints[-1])
    assert len(json.loads(all_rows_job(again).splits.read_text())["train"]) == 51
    restore(again, ListReport())
    names = [load_file(one.folder / "adapter" / "head.safetensors")["weight"] for one in (job, again)]
    assert bool((names[0] == names[1]).all())
