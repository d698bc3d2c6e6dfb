"""What a trainer can see and reach: no network, no secret, its own folder, limits."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.models import SUCCEEDED, Job, Run
from app.settings import get_settings
from tests.factories import SPEC, make_run
from worker.jobs import supervisor
from worker.processes import prewarmed, sandbox


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_trainer_has_no_network_no_secret_and_its_own_folder(
    owner: str, listening: int, monkeypatch: pytest.MonkeyPatch, studio_home: Path
) -> None:
    for name, value in (
        ("STUDIO_TRAINER_MODULE", "tests.worker.probe_trainer"),
        ("STUDIO_INFERENCE_SECRET", "hush"),
        ("STUDIO_TRAINER_MEMORY_BYTES", str(3 * 1024**3)),
        ("HF_TOKEN", "hush"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ):
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    prewarmed.dismiss()
    run = make_run(owner)
    with transaction() as session:
        session.get_one(Run, run.id).spec = {**SPEC, "probe_port": listening}
    for name in ("datasets/other", "broker/messages"):
        (studio_home / name).mkdir(parents=True, exist_ok=True)
    (studio_home / "datasets" / "other" / "rows.parquet").write_text("somebody else's")
    supervisor.execute(run.job_id)
    prewarmed.dismiss()
    with transaction() as session:
        assert session.get_one(Job, run.job_id).state == SUCCEEDED
    folder = storage.attempt_dir(run.id, 1)
    findings = json.loads((folder / "findings.json").read_text())
    assert "hush" not in json.dumps(findings["environment"])
    assert not [name for name in findings["environment"] if name.startswith(("STUDIO_", "AWS_"))]
    assert findings["cwd"] == str(folder.resolve())
    assert (findings["core"], findings["memory"]) == (0, 3 * 1024**3)
    assert "said on standard output" in (folder / "trainer.log").read_text()
    done = findings["files_done"]
    allowed = {"write own folder", "rename in own folder", "write cache", "read system", "read code", "write device"}
    assert not done.pop("terabyte")
    assert allowed <= {name for name, was_done in done.items() if was_done}
    if sandbox.FILES_MISSING not in findings["missing"]:
        assert {name for name, was_done in done.items() if was_done} == allowed
        assert not (studio_home / "broker" / "messages" / "forged.msg").exists()
    if sandbox.NETWORK_MISSING in findings["missing"]:
        pytest.skip("the kernel does not permit a network of one's own here")
    assert not findings["reached"] and findings["interfaces"] == []
