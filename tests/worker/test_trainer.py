"""Real trainer processes on the real starter encoder: a run that is stopped and resumed; and the classification of errors."""

import errno
import threading

import pytest
import torch
from fastapi.testclient import TestClient

from app import storage
from app.db import transaction
from app.models import CANCELLED, SUCCEEDED, Checkpoint, Job, Run
from app.services.datasets import datasets
from app.services.runs import adapters, metrics, predictions, runs
from app.settings import get_settings
from worker import trainer
from worker.inference.server import create_inference
from worker.jobs import failure_messages, supervisor


def submit(owner: str, **training: object) -> Run:
    dataset = datasets.import_sample(owner, "clinic-messages")
    return runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora"},
            training={"epochs": 1, "batch_size": 16, **training},
        ),
    )


def job_of(run: Run) -> Job:
    with transaction() as session:
        return session.get_one(Job, run.job_id)


def test_stopped_run_resumes_from_its_checkpoint_evaluates_and_predicts(
    owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit(owner)
    training = threading.Event()
    worker = threading.Thread(
        target=supervisor.execute,
        args=(run.job_id,),
        kwargs={"on_spool": lambda line: training.set() if line["type"] == "metric" else None},
    )
    worker.start()
    assert training.wait(120)
    runs.request_cancel(owner, run.id)
    # The limit is 10 s in any phase, on a machine that has nothing else to do.
    worker.join(30)
    assert not worker.is_alive()
    assert job_of(run).state == CANCELLED
    with transaction() as session:
        kept = session.query(Checkpoint).filter_by(run_id=run.id).all()
    assert kept and (storage.data_dir() / kept[0].path / "manifest.json").exists()
    again = runs.resume(owner, run.id)
    supervisor.execute(again.job_id)
    assert job_of(again).state == SUCCEEDED, job_of(again).error
    done = runs.get_run(owner, run.id)
    # The sample's texts are made from patterns; anything that learns at all reaches this.
    assert done.results["metrics"]["accuracy"] > 0.8
    series = metrics.read_curves(owner, run.id).series()
    assert {
        "train/loss",
        "train/learning_rate",
        "train/grad_norm",
        "eval/loss",
        "eval/accuracy",
        "eval/macro_f1",
    } <= set(series)
    assert series["train/loss"][-1][0] == 15
    rows = predictions.page(owner, run.id, limit=20).rows

    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "a secret of the test")
    get_settings.cache_clear()
    server, folder = TestClient(create_inference()), adapters.adapter_folder(owner, run.id)
    question = {"adapter": str(folder), "inputs": [row.input for row in rows]}
    assert server.post("/predict", json=question).status_code == 401
    allowed = {"X-Studio-Secret": "a secret of the test"}
    answers = server.post("/predict", json=question, headers=allowed).json()["answers"]
    assert [answer["label"] for answer in answers] == [row.answer for row in rows]
    assert answers[0]["probabilities"][rows[0].answer] == pytest.approx(rows[0].score, abs=1e-3)
    elsewhere = {**question, "adapter": "/etc"}
    assert server.post("/predict", json=elsewhere, headers=allowed).json()["error"]["code"] == "adapter_not_found"


def test_failed_allocation_is_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 50)
    assert trainer._explain(refused.value).code == failure_messages.OUT_OF_MEMORY
    assert trainer._explain(MemoryError()).code == failure_messages.OUT_OF_MEMORY
    assert trainer._explain(torch.OutOfMemoryError("CUDA out of memory")).code == failure_messages.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk_full"),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), failure_messages.DEVICE_LOST),
        (KeyError("text"), "training_failed"),
    ],
)
def test_exception_is_classified_by_cause(error: Exception, code: str) -> None:
    explained = trainer._explain(error)
    assert explained.code == code and explained.hint
