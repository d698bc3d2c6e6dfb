"""A whole run of the engine on a tiny real model: what it leaves, and the invariants that hold on the way."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from app import manifest
from app.catalog.methods import METHODS
from app.errors import StudioError
from app.run_report import Stopped
from tests.methods.choice import every
from tests.tiny import LABELS, make_spec
from worker.engine.loop.checkpoints import Checkpoints
from worker.engine.loop.schedule import Schedule
from worker.engine.loop.train import train
from worker.engine.loop.trainer_state import TrainerState
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.predict import Predictor

KINDS = [method.model_fields["kind"].default for method in METHODS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_leaves_results_predictions_and_a_complete_adapter(make_job, kind: str) -> None:
    job, report = make_job(make_spec({"kind": kind})), ListReport()
    results = train(job, report)
    assert json.loads((job.folder / "result.json").read_text())["metrics"] == results["metrics"]
    assert report.phases == [
        "Reading the data",
        "Loading the model",
        "Measuring the base model",
        "Training",
        "Testing",
        "Saving",
    ]
    # 42 training rows in updates of 8, two passes.
    assert results["total_steps"] == 12
    assert [step for step, _ in report.curve("eval/accuracy")] == [0, 6, 12]
    assert len(report.curve("train/loss")) == 12
    assert manifest.holds(job.folder / "adapter")
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    assert len(rows) == results["test_rows"] == 9
    right = sum(row["answer"] == row["expected"] for row in rows)
    assert results["metrics"]["accuracy"] == pytest.approx(right / 9)
    assert sum(map(sum, results["confusion"])) == 9
    assert 0 < results["trainable_parameters"] <= results["total_parameters"]


@pytest.mark.parametrize("kind", every())
def test_the_saved_adapter_answers_as_the_trained_model_did(make_job, kind: str) -> None:
    job = make_job(make_spec({"kind": kind}))
    train(job, ListReport())
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    answers = Predictor(job.folder / "adapter", job.base_folder, job.base).predict([row["input"] for row in rows])
    assert [answer["label"] for answer in answers] == [row["answer"] for row in rows]
    for answer, row in zip(answers, rows, strict=True):
        assert answer["probabilities"][row["answer"]] == pytest.approx(row["score"], abs=1e-5)
        assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)


def test_learning_lowers_the_loss_and_moves_only_what_the_method_trains(make_job) -> None:
    spec = make_spec({"kind": "lora", "rank": 8, "dropout": 0}, epochs=30, learning_rate=5e-3)
    job, report = without_dropout(make_job(spec)), ListReport()
    train(job, report)
    losses = [value for _, value in report.curve("train/loss")]
    # Every text carries a clue word, so the rows can be distinguished completely.
    assert sum(losses[-5:]) < 0.1 * sum(losses[:5])
    names = load_file(job.folder / "adapter" / "adapter_model.safetensors")
    assert all("lora_" in name for name in names)


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(make_job) -> None:
    def weights(seed: int) -> bytes:
        job = make_job(make_spec(seed=seed))
        train(job, ListReport())
        return (job.folder / "adapter" / "adapter_model.safetensors").read_bytes()

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_portions_per_update_change_nothing_but_rounding(make_job) -> None:
    def losses(portions: int) -> list[float]:
        # Without dropout: portions draw other masks, which is no error.
        job = without_dropout(make_job(make_spec({"kind": "lora", "rank": 4, "dropout": 0}, accumulation=portions)))
        report = ListReport()
        train(job, report)
        return [value for _, value in report.curve("train/loss")]

    assert losses(4) == pytest.approx(losses(1), rel=1e-4)


def without_dropout(job: TrainingJob) -> TrainingJob:
    off = (("hidden_dropout_prob", 0.0), ("attention_probs_dropout_prob", 0.0))
    base = type(job.base)(**{**vars(job.base), "load_arguments": (*job.base.load_arguments, *off)})
    return type(job)(**{**vars(job), "base": base})


def test_the_second_run_on_the_same_rows_reads_its_tokens_and_vectors_from_the_cache(make_job, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = train(make_job(cache=cache), ListReport())
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
    # One table of tokens for each split.
    assert len(list((cache / "tokens").glob("*/*"))) == 3
    second = train(make_job(cache=cache), ListReport())
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()} == kept
    assert second["metrics"] == first["metrics"]
    assert second["baseline"] == first["baseline"]


def test_texts_that_are_cut_are_counted_and_told(make_job) -> None:
    report = ListReport()
    results = train(make_job(make_spec(max_length=8)), report)
    assert results["cut_rows"] > 0
    assert f"{results['cut_rows']} of 42" in report.events[0]["message"]


def test_the_best_checkpoint_by_the_validation_score_becomes_the_adapter(make_job) -> None:
    job, report = make_job(make_spec(epochs=4)), ListReport()
    results = train(job, report)
    scores = dict(report.curve("eval/accuracy"))
    losses = dict(report.curve("eval/loss"))
    assert results["best_step"] == max(scores, key=lambda step: (scores[step], -losses[step]))
    kept = load_file(job.folder / "checkpoints" / f"step-{results['best_step']}" / "weights.safetensors")
    head = load_file(job.folder / "adapter" / "head.safetensors")
    assert torch.equal(kept["head.weight"], head["weight"])


@pytest.mark.parametrize("kind", every(("lora", "full", "head-only", "adalora", "pissa")))
def test_a_run_that_learns_nothing_good_hands_out_its_probe(make_job, kind: str) -> None:
    job, report = make_job(make_spec({"kind": kind}, learning_rate=1.0, warmup_ratio=0)), ListReport()
    results = train(job, report)
    losses = dict(report.curve("eval/loss"))
    assert all(losses[step] > losses[0] for step in (6, 12)), "the rate is absurd"
    assert results["best_step"] == 0 and results["validation"] == results["start_validation"]
    assert any("probe's weights are kept" in event["message"] for event in report.events)
    assert "probe's weights are kept" in (job.folder / "adapter" / "README.md").read_text()
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    assert [row["answer"] for row in rows] == [row["base_answer"] for row in rows]
    assert results["metrics"] == pytest.approx(results["baseline"]["linear_probe"], abs=1e-5)


def test_a_random_head_is_no_candidate(make_job) -> None:
    report = ListReport()
    results = train(make_job(make_spec(head_start="random")), report)
    assert [step for step, _ in report.curve("eval/loss")] == [6, 12]
    assert "start_validation" not in results and results["best_step"] > 0


def test_the_newest_two_checkpoints_and_the_best_are_kept(tmp_path: Path) -> None:
    model, report = torch.nn.Linear(2, 2), ListReport()
    optimizer = torch.optim.AdamW(model.parameters())
    kept = Checkpoints(tmp_path / "checkpoints", report)
    for step in range(1, 6):
        kept.save(model, optimizer, TrainerState(step=step, best_step=min(step, 2)), {})
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-2", "step-4", "step-5"]
    assert [path.name for path in report.checkpoints] == ["step-2", "step-4", "step-5"]


def test_a_loss_that_is_not_a_number_ends_the_run_with_advice(make_job, monkeypatch: pytest.MonkeyPatch) -> None:
    # A rate far beyond what the form allows; the smallest way to make learning break down for certain.
    monkeypatch.setattr(Schedule, "learning_rate", lambda self, step: float("inf"))
    with pytest.raises(StudioError) as caught:
        train(make_job(), ListReport())
    assert caught.value.code == "diverged"
    assert "learning rate" in caught.value.hint


@pytest.mark.parametrize("phase", ["Reading the data", "Measuring the base model", "Training"])
def test_a_request_to_stop_is_heard_in_every_long_phase(make_job, phase: str) -> None:
    class StopIn(ListReport):
        def should_stop(self) -> bool:
            return self.phases[-1] == phase

    job = make_job()
    with pytest.raises(Stopped):
        train(job, StopIn())
    # The check before the first step is where it hears of it.
    assert (job.folder / "checkpoints" / "step-0").exists() == (phase == "Training")
    assert not (job.folder / "result.json").exists()


def test_labels_and_words_travel_with_the_adapter(make_job) -> None:
    job = make_job()
    train(job, ListReport())
    adapter = job.folder / "adapter"
    assert json.loads((adapter / "labels.json").read_text()) == LABELS
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tests/tiny"
    assert "held-out rows" in (adapter / "README.md").read_text()
    assert not [path for path in adapter.rglob("*") if path.suffix in {".bin", ".pt", ".pkl"}]
