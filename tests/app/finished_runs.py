"""Runs that succeeded, with an adapter in their folder, as a trainer and its supervisor leave them."""

import hashlib
import json
from typing import Any

from app import files, manifest, storage
from app.db import transaction
from app.models import Artifact, Event, Job, Prediction, Run
from tests.factories import SPEC, make_run, make_version, measured

ADAPTER = {"adapter_config.json": b'{"peft_type": "LORA"}', "sub/head.safetensors": bytes(range(256)) * 20_000}


def finish(run: Run, contents: dict[str, bytes] = ADAPTER) -> None:
    """Leave what a trainer and its supervisor leave of a run that succeeded."""
    folder = storage.attempt_dir(run.id, 1) / "adapter"
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    hashes = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }
    files.write_json(folder / "manifest.json", {"files": hashes})
    (folder.parent / "trainer.log").write_text("epoch 1\n")
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "succeeded"
        path = str(folder.relative_to(storage.data_dir()))
        digest = manifest.sha256_of(folder / "manifest.json")
        session.add(Artifact(run_id=run.id, kind="adapter", path=path, bytes=1, sha256=digest))
        measured(session, run.id, {"train/loss": [(1, 0.5)]})
        session.add(Event(run_id=run.id, source="attempt-1", number=0, kind="phase", message="Training", at=1.0))
        session.add(Prediction(run_id=run.id, split="test", row_id=1, input="a", expected="x", answer="y", score=0.9))


LORA = {"adapter_config.json": json.dumps({"peft_type": "LORA", "r": 8}).encode()}


def finished(owner: str, name: str, files: dict[str, bytes] = LORA, **spec: Any) -> str:
    """The id of a run of plain LoRA, or of what ``spec`` changes, that succeeded with these files."""
    run = make_run(owner, make_version(owner), name)
    with transaction() as session:
        stored = session.get_one(Run, run.id)
        stored.spec = {**SPEC, **spec}
        stored.method, stored.base_model = stored.spec["method"]["kind"], stored.spec["base_model"]
        stored.task_type = stored.spec["task_type"]
    finish(run, files)
    return run.id
