"""The adapter folder: complete under its name or not there at all."""

import json
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from app import manifest
from app.catalog.methods.lora import Lora
from tests.tiny import make_spec
from worker.engine.loop.save import save_checkpoint_adapter, write_predictions
from worker.engine.modeling.adapter_files import CARD, EXAMPLE, read_spec
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import PredictionRow, TaskFamily
from worker.engine.tasks.registry import open_family


def adapted(job: TrainingJob) -> TaskFamily:
    torch.manual_seed(0)
    family = open_family(job, ListReport(), Accelerator(cpu=True))
    family.read()
    family.load()
    family.adapt(1)
    return family


def test_folder_of_a_checkpoint_is_complete_but_tells_no_results(make_job, tmp_path: Path) -> None:
    job = make_job(make_spec())
    save_checkpoint_adapter(folder := tmp_path / "adapter", adapted(job))
    assert manifest.holds(folder)
    assert read_spec(folder) == job.spec
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= {p.name for p in folder.iterdir()}
    assert not (folder / CARD).exists() and not (folder / EXAMPLE).exists()


def test_folder_does_not_appear_when_writing_fails(make_job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family = adapted(make_job(make_spec()))

    def fail(self: Lora, model: torch.nn.Module, folder: Path, hub_id: str) -> None:
        (folder / "adapter_model.safetensors").write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Lora, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint_adapter(tmp_path / "target" / "adapter", family)
    assert not (tmp_path / "target" / "adapter").exists()


def test_predictions_are_one_json_line_for_each_row(tmp_path: Path) -> None:
    rows = [PredictionRow(3, "Grüße\n你", "a", "b", "a", 0.75), PredictionRow(1, "x", "b", "b", "b", 1.0, "validation")]
    write_predictions(path := tmp_path / "predictions.jsonl", iter(rows))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "Grüße" in lines[0] and len(lines) == 2
    assert [PredictionRow(**json.loads(line)) for line in lines] == rows
