"""Runs that label words: what learns, what is reported, what comes back, and a download in a stranger's hands."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import AutoPeftModelForTokenClassification

from app.catalog.methods import METHODS
from app.catalog.methods.capabilities import TOKENS
from app.catalog.spec import RunSpec
from app.catalog.task_types.tagged_text import from_spans
from app.run_report import Stopped
from tests.forked_libraries import LibraryProcess
from tests.tiny_tokens import LABELS, make_rows, make_spec
from worker.engine.loop.train import train
from worker.engine.merging.derive import derive
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.token_classification.predict import TagPredictor

ALLOWED = [m.model_fields["kind"].default for m in METHODS if TOKENS in m.capabilities.models]


def every(quick: tuple[str, ...]) -> list[Any]:
    """Methods that label words; those outside ``quick`` are run by ``make test-methods`` alone."""
    return [kind if kind in quick else pytest.param(kind, marks=pytest.mark.methods) for kind in ALLOWED]


def read(job: TrainingJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]


def test_a_run_learns_to_mark_and_says_how_well(make_job) -> None:
    job, report = make_job(make_spec(epochs=6, learning_rate=5e-3)), ListReport()
    results = train(job, report)
    tuned, baseline = results["metrics"], results["baseline"]
    assert tuned["f1"] > 0.9 and tuned["f1"] >= baseline["linear_probe"]["f1"]
    assert baseline["majority"]["f1"] == 0.0 and baseline["majority"]["token_accuracy"] > 0.3
    assert baseline["word_list"]["f1"] > 0.3
    low, high = results["intervals"]["f1"]
    assert low <= tuned["f1"] <= high
    assert [entry["label"] for entry in results["per_class"]] == LABELS
    assert results["test_entities"] == sum(entry["count"] for entry in results["per_class"]) == 18
    assert sum(map(sum, results["confusion"])) >= 18 and len(results["confusion"]) == len(results["labels"]) == 3
    assert {"eval/f1", "eval/loss", "eval/token_accuracy"} <= {key for key, _, _ in report.metrics}
    rows = read(job)
    right = [row for row in rows if row["answer"] == row["expected"]]
    assert len(right) >= 7 and all(0 < row["score"] <= 1 for row in rows)
    start, end, label = json.loads(rows[0]["expected"])[0]
    assert label == "ITEM" and rows[0]["input"][start:end].startswith("my ")


def test_the_layer_that_judges_words_starts_from_the_probe(make_job) -> None:
    """Without learning anything the run answers as the probe on the untouched model does."""
    job = make_job(make_spec(learning_rate=1e-12, epochs=1))
    rows = (train(job, ListReport()), read(job))[1]
    assert [row["answer"] for row in rows] == [row["base_answer"] for row in rows]
    other = make_job(make_spec(learning_rate=1e-12, epochs=1, head_start="random"))
    train(other, ListReport())
    assert [row["answer"] for row in read(other)] != [row["answer"] for row in rows]


def test_encoder_that_did_not_change_has_forgotten_nothing(make_job) -> None:
    job = make_job(make_spec({"kind": "head-only"}, measure_forgetting="yes", epochs=1))
    report = train(job, ListReport())["forgetting"]
    assert report["change"] == 0.0 and report["rows"] > 100


def test_words_beyond_the_longest_text_are_reported_and_count_as_missed(make_job, tmp_path: Path) -> None:
    make_rows(tmp_path, long=60)
    job = make_job(make_spec(epochs=1))
    cut = TrainingJob(
        job.spec, job.base, job.base_folder, tmp_path / "rows.parquet", tmp_path / "splits.json", job.folder
    )
    report = ListReport()
    results = train(cut, report)
    assert results["cut_rows"] == 42 and results["cut_test_rows"] == 9
    assert any("lose their end: 42 of train, 9 of validation, 9 of test" in event["message"] for event in report.events)
    states = next(entry for entry in results["per_class"] if entry["label"] == "STATE")
    assert states["count"] == 9 and states["recall"] == 0.0


@pytest.mark.parametrize("kind", every(("lora",)))
def test_stopped_and_resumed_equals_its_uninterrupted_twin(make_job, kind: str) -> None:
    spec = make_spec({"kind": kind})
    twin = make_job(spec)
    train(twin, ListReport())
    first = make_job(spec)
    with pytest.raises(Stopped):
        train(first, ListReport(stop_at=8))
    resumed = make_job(spec, resume_from=first.folder / "checkpoints" / "step-8")
    train(resumed, ListReport())
    files = sorted(path.name for path in (twin.folder / "adapter").glob("*.safetensors"))
    assert files
    for name in files:
        assert (resumed.folder / "adapter" / name).read_bytes() == (twin.folder / "adapter" / name).read_bytes(), name


@pytest.mark.parametrize("kind", every(("lora", "full")))
def test_gradient_checkpointing_learns_the_same(make_job, kind: str) -> None:
    losses = []
    for saving in (False, True):
        spec = make_spec({"kind": kind}, gradient_checkpointing=saving, epochs=1)
        report = ListReport()
        train(make_job(spec), report)
        losses.append([value for _, value in report.curve("train/loss")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("kind", every(()))
def test_use_me_marks_what_the_studio_marks(make_job, tmp_path: Path, libraries: LibraryProcess, kind: str) -> None:
    # Gentle steps, so that every method still marks what the probe it starts from does, and a little more.
    job = make_job(make_spec({"kind": kind}, epochs=2, learning_rate=1e-3))
    train(job, ListReport())
    rows = read(job)
    # Moved away: nothing may depend on where the studio keeps it.
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    environment = {"PATH": os.environ["PATH"], "BASE_MODEL": str(job.base_folder)}
    done = libraries.run(adapter / "use_me.py", [row["input"] for row in rows], tmp_path, environment)
    payload = [json.loads(line) for line in done.text.splitlines()]
    assert [[entity[:3] for entity in one["entities"]] for one in payload] == [
        json.loads(row["answer"]) for row in rows
    ]
    # On a model of this size FourierFT ends up marking nothing at all.
    assert kind == "fourierft" or any(one["entities"] for one in payload)
    again = TagPredictor(adapter, job.base_folder).predict([row["input"] for row in rows])
    assert [[entity["text"] for entity in one["entities"]] for one in again] == [
        [entity[3] for entity in one["entities"]] for one in payload
    ]


@pytest.mark.parametrize("kind", [pytest.param("head-only", marks=pytest.mark.methods), "lora"])
def test_merged_into_a_plain_model_it_marks_the_same(make_job, kind: str) -> None:
    parent = make_job(make_spec({"kind": kind}, epochs=2))
    train(parent, ListReport())
    origin = {"kind": "merged", "parents": [{"run_id": "parent", "name": "A run"}]}
    spec = RunSpec.model_validate({**parent.spec.model_dump(), "method": {"kind": "full"}, "origin": origin})
    job = replace(make_job(spec), parents=(parent.folder / "adapter",))
    results = derive(job, ListReport())
    wanted = json.loads((parent.folder / "result.json").read_text())["metrics"]
    assert results["metrics"] == pytest.approx(wanted, abs=1e-4)
    assert results["origin"]["parents"][0]["metrics"] == pytest.approx(wanted, abs=1e-4)
    assert not list((job.folder / "adapter").glob("adapter_*"))


def test_plain_peft_opens_the_download(make_job) -> None:
    job = make_job(make_spec(epochs=1))
    train(job, ListReport())
    adapter = job.folder / "adapter"
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["task_type"] == "TOKEN_CLS" and "classifier" in config["modules_to_save"]
    config["base_model_name_or_path"] = str(job.base_folder)
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    model = AutoPeftModelForTokenClassification.from_pretrained(str(adapter), num_labels=5).eval()
    text = read(job)[0]["input"]
    x = load_tokenizer(adapter)(text, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=x["input_ids"], attention_mask=x["attention_mask"]).logits[0]
    wanted = TagPredictor(adapter, job.base_folder).logits([(text, from_spans(text, []).places)])[0]
    np.testing.assert_allclose(logits[1:-1].numpy(), wanted, atol=1e-5)
