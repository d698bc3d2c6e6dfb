"""Runs made of runs: tested beside their parents on the same rows, handed over like any other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from peft import PeftModel

from app.catalog.spec import RunSpec
from app.errors import Rejected
from tests.forked_libraries import LibraryProcess
from tests.tiny import make_spec
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec
from tests.worker.engine.reporting.test_usage_example import ask
from worker.engine.loop.train import train
from worker.engine.merging.derive import derive
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.model import load_encoder


def made_from(kind: str, parents: list[TrainingJob], **settings: object) -> RunSpec:
    spec = make_spec({"kind": "lora", "rank": 8, "alpha": 8, "dropout": 0})
    origin = {
        "kind": kind,
        "parents": [{"run_id": parent.folder.name, "name": "A run"} for parent in parents],
        **settings,
    }
    return RunSpec.model_validate({**spec.model_dump(), "origin": origin})


def trained(make_job, method: dict, **training: object) -> TrainingJob:
    job = make_job(make_spec(method, **{"learning_rate": 5e-3, "epochs": 6, "warmup_ratio": 0.06, **training}))
    train(job, ListReport())
    return job


def with_parents(job: TrainingJob, parents: list[TrainingJob]) -> TrainingJob:
    return replace(job, parents=tuple(parent.folder / "adapter" for parent in parents))


def metrics(job: TrainingJob) -> dict:
    return json.loads((job.folder / "result.json").read_text())["metrics"]


def test_combined_adapters_are_tested_recorded_and_usable_anywhere(
    make_job, tmp_path: Path, libraries: LibraryProcess
) -> None:
    parents = [trained(make_job, {"kind": "lora", "rank": 4}, seed=seed) for seed in (1, 2)]
    job, report = with_parents(make_job(made_from("combined", parents)), parents), ListReport()
    results = derive(job, report)
    # The parents were trained and tested on the very same rows, so their own numbers come out again.
    for parent, result in zip(parents, results["origin"]["parents"], strict=True):
        assert result["metrics"] == pytest.approx(metrics(parent), abs=1e-5)
    assert results["metrics"]["loss"] < results["baseline"]["linear_probe"]["loss"]
    assert "Combining" in report.phases
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    assert len(rows) == results["test_rows"] == 9
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    assert "not trained: combined (average)" in (adapter / "README.md").read_text()
    result = ask(adapter, job.base_folder, [row["input"] for row in rows], tmp_path, libraries)
    assert [chance for _, chance in result] == pytest.approx([row["score"] for row in rows], abs=1e-4)
    model = PeftModel.from_pretrained(load_encoder(job.base_folder, job.base), adapter)
    assert model.peft_config["default"].r == 8


def test_routed_adapters_are_tested_and_usable_anywhere(make_job, tmp_path: Path, libraries: LibraryProcess) -> None:
    parents = [trained(make_job, {"kind": "lora", "rank": 4}, seed=seed) for seed in (1, 2)]
    spec = made_from("combined", parents, how="arrow", top_k=1, temperature=0.5).model_dump()
    spec = RunSpec.model_validate({**spec, "method": {"kind": "routed"}})
    job = with_parents(make_job(spec), parents)
    results = derive(job, ListReport())
    assert results["metrics"]["loss"] < results["baseline"]["linear_probe"]["loss"]
    assert results["trainable_parameters"] > 2 * 4 * job.base.hidden_size
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    assert "not trained: combined (arrow)" in (adapter / "README.md").read_text()
    assert (adapter / "arrow.py").exists()
    result = ask(adapter, job.base_folder, [row["input"] for row in rows], tmp_path, libraries)
    assert [chance for _, chance in result] == pytest.approx([row["score"] for row in rows], abs=1e-4)


def test_an_adapter_becomes_a_plain_model_that_answers_as_it_did(
    make_job, tmp_path: Path, libraries: LibraryProcess
) -> None:
    parent = trained(make_job, {"kind": "ia3"})
    spec = RunSpec.model_validate({**made_from("merged", [parent]).model_dump(), "method": {"kind": "full"}})
    job = with_parents(make_job(spec), [parent])
    results = derive(job, ListReport())
    assert results["metrics"] == pytest.approx(metrics(parent), abs=1e-4)
    assert not list((job.folder / "adapter").glob("adapter_*"))
    assert "an adapter merged into its weights" in (job.folder / "adapter" / "README.md").read_text()
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    payload = ask(adapter, tmp_path, [row["input"] for row in rows], tmp_path, libraries)
    assert [chance for _, chance in payload] == pytest.approx([row["score"] for row in rows], abs=1e-4)


def test_what_learned_on_a_compressed_model_is_merged_into_the_full_one_and_tested_again(make_job) -> None:
    parent = trained(make_job, {"kind": "ia3"}, base_precision="4-bit")
    spec = RunSpec.model_validate({**made_from("merged", [parent]).model_dump(), "method": {"kind": "full"}})
    job = with_parents(make_job(spec), [parent])
    results = derive(job, ListReport())
    assert results["origin"]["base_precision"] == "nf4"
    # The parent answers on the compressed model as it did there; the plain model, in full precision, a little differently.
    assert results["origin"]["parents"][0]["metrics"] == pytest.approx(metrics(parent), abs=1e-5)
    assert results["metrics"]["loss"] != metrics(parent)["loss"]
    assert results["metrics"]["loss"] == pytest.approx(metrics(parent)["loss"], rel=0.2)


def test_what_cannot_be_merged_is_refused_by_name(make_job) -> None:
    parent = trained(make_job, {"kind": "bottleneck-adapter"}, epochs=1)
    spec = RunSpec.model_validate({**made_from("merged", [parent]).model_dump(), "method": {"kind": "full"}})
    with pytest.raises(Rejected, match="Bottleneck adapter cannot merge"):
        derive(with_parents(make_job(spec), [parent]), ListReport())


def test_a_shrunk_fine_tune_keeps_what_it_learned_and_says_how_much(make_job) -> None:
    parent = trained(make_job, {"kind": "full"}, learning_rate=1e-3)
    job = with_parents(make_job(made_from("shrunk", [parent], rank=8)), [parent])
    results = derive(job, ListReport())
    assert results["origin"]["parents"][0]["metrics"] == pytest.approx(metrics(parent), abs=1e-5)
    assert 0.3 < results["origin"]["linear_share"] < 1
    assert 0 < results["origin"]["total_share"] < results["origin"]["linear_share"]
    whole = sum(path.stat().st_size for path in (parent.folder / "adapter").glob("model.safetensors"))
    small = sum(path.stat().st_size for path in (job.folder / "adapter").glob("adapter_model.safetensors"))
    assert small < whole / 2


def test_what_is_small_already_is_not_shrunk(make_job) -> None:
    parent = trained(make_job, {"kind": "lora", "rank": 4})
    job = with_parents(make_job(made_from("shrunk", [parent], rank=8)), [parent])
    with pytest.raises(Rejected, match="small already"):
        derive(job, ListReport())


@pytest.mark.methods
def test_models_that_write_are_combined_and_shrunk_too(tmp_path: Path) -> None:
    card = make_chat_card(folder := tmp_path / "base")
    make_chat_rows(tmp_path)

    def job(name: str, spec: RunSpec, parents: tuple[Path, ...] = ()) -> TrainingJob:
        (tmp_path / name).mkdir()
        rows, splits = tmp_path / "rows.parquet", tmp_path / "splits.json"
        return TrainingJob(spec, card, folder, rows, splits, tmp_path / name, parents=parents)

    results = {}
    for name, method in (("one", "lora"), ("two", "lora"), ("whole", "full")):
        spec = make_chat_spec({"kind": method}, epochs=3, seed=len(results), learning_rate=5e-3)
        results[name] = train(job(name, spec), ListReport())
    plain = {"kind": "lora", "rank": 32, "alpha": 32, "dropout": 0}
    for made_as, names, method, origin in (
        ("combined", ("one", "two"), plain, {"kind": "combined", "rank": 32}),
        ("shrunk", ("whole",), plain, {"kind": "shrunk", "rank": 32}),
        ("routed", ("one", "two"), {"kind": "routed"}, {"kind": "combined", "how": "arrow"}),
    ):
        spec = make_chat_spec(plain).model_dump()
        origin = {**origin, "parents": [{"run_id": name} for name in names]}
        spec = RunSpec.model_validate({**spec, "method": method, "origin": origin})
        made = derive(job(made_as, spec, tuple(tmp_path / name / "adapter" for name in names)), ListReport())
        for name, parent in zip(names, made["origin"]["parents"], strict=True):
            assert parent["metrics"]["loss"] == pytest.approx(results[name]["metrics"]["loss"], abs=1e-4)
        assert made["metrics"]["perplexity"] < made["baseline"]["untouched"]["perplexity"]
        assert "not trained" in (tmp_path / made_as / "adapter" / "README.md").read_text()
