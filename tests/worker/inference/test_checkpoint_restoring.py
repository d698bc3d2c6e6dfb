"""A checkpoint talks: found by run and step, made to answer by a real trainer, refused in words once it is gone."""

from pathlib import Path

import pytest
import torch

from app import manifest
from app.errors import NotFound, Rejected
from app.services.datasets import datasets
from app.services.inference import chat
from app.services.operations import retention
from app.services.runs import checkpoints, runs
from tests.tiny_generation import install_chat_model, write_chat_file
from worker.inference.checkpoint_restoring import restored
from worker.inference.model_pool import ModelPool
from worker.jobs import supervisor

HELLO = [{"role": "user", "content": "One mocha"}]


def test_checkpoint_generates_what_the_run_did_at_that_step(owner: str, tmp_path: Path) -> None:
    model = install_chat_model()
    path = write_chat_file(tmp_path / "counter.jsonl", 40)
    dataset = datasets.import_file(owner, (path, path.name))
    run = runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model=model,
            task_type="chat",
            method={"kind": "lora"},
            training={"epochs": 3, "learning_rate": 0.02, "evaluations_per_epoch": 1},
        ),
    )
    supervisor.execute(run.job_id, on_spool=lambda line: None)
    best = runs.get_run(owner, run.id).results["best_step"]
    kept = [checkpoint.step for checkpoint in checkpoints.list_checkpoints(owner, run.id)]
    other = next(step for step in kept if step != best)

    listed = {target.id: target for target in chat.list_chat_targets(owner)}
    assert {f"{run.id}@{step}" for step in kept} | {run.id, f"base:{model}"} <= listed.keys()
    assert listed[f"{run.id}@{other}"].kind == "checkpoint"

    pool = ModelPool()

    def logits(name: str) -> torch.Tensor:
        target = chat.find_chat_target(owner, name)
        model = pool.chat_model(target.base, target.adapter)
        with torch.no_grad():
            return model.model(input_ids=model.tokenize(HELLO)).logits

    assert torch.equal(logits(f"{run.id}@{best}"), logits(run.id))
    assert not torch.equal(logits(f"{run.id}@{other}"), logits(run.id))

    target = chat.find_chat_target(owner, f"{run.id}@{other}")
    assert target.adapter and target.adapter_sha256 == manifest.sha256_of(target.adapter / manifest.NAME)
    folder = restored(target.adapter)
    checkpoints.remove(owner, run.id, other)
    with pytest.raises(NotFound, match="not any more") as refused:
        chat.find_chat_target(owner, f"{run.id}@{other}")
    assert str(best) in refused.value.hint
    with pytest.raises(Rejected, match="not a step"):
        chat.find_chat_target(owner, f"{run.id}@last")
    retention.cleanup()
    assert not folder.exists()  # What was made to answer goes with the checkpoint,
    assert len(list(folder.parent.iterdir())) == 1  # and only with it.
