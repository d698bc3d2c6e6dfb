"""The adapter of a run: verified before it is given out, and streamed as a zip."""

import io
import zipfile

import pytest
from sqlalchemy import select

from app.db import counted_commits, has_committed, snapshot, transaction
from app.errors import Conflict, NotFound
from app.models import FAILED, Job
from app.models_audit import AuditEntry
from app.services.runs import adapters
from tests.app.finished_runs import ADAPTER, finish
from tests.factories import make_run, make_user


def test_download_is_streamed_in_chunks(owner):
    run = make_run(owner)
    finish(run, {"big.safetensors": bytes(8 * 1024**2)})
    _, pieces = adapters.download(owner, run.id)
    assert max(len(piece) for piece in pieces) <= 2 * adapters.CHUNK_BYTES


def test_download_is_in_the_audit_trail_but_is_nothing_that_a_request_saved(owner):
    run = make_run(owner)
    finish(run)
    with counted_commits():
        adapters.download(owner, run.id)
        assert not has_committed()
    with snapshot() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "download")).one()
    assert (entry.user_id, entry.object_id) == (owner, run.id)


def test_download_holds_exactly_the_files_of_the_manifest(owner):
    run = make_run(owner, name="My run / über")
    finish(run)
    (adapters.adapter_folder(owner, run.id) / "stray.pkl").write_bytes(b"x")
    name, chunks = adapters.download(owner, run.id)
    assert name == f"my-run-ber-{run.id[:8]}.zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as archive:
        assert set(archive.namelist()) == {*ADAPTER, "manifest.json"}


def test_changed_file_or_manifest_is_not_given_out(owner):
    run = make_run(owner)
    finish(run)
    folder = adapters.adapter_folder(owner, run.id)
    (folder / "adapter_config.json").write_bytes(b"other")
    with pytest.raises(Conflict, match="has changed"):
        adapters.download(owner, run.id)
    (folder / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(Conflict, match="manifest is missing or changed"):
        adapters.adapter_folder(owner, run.id)


def test_run_without_adapter_and_run_of_another_user_are_refused(owner):
    run = make_run(owner)
    with pytest.raises(Conflict) as refused:
        adapters.adapter_folder(owner, run.id)
    assert refused.value.code == "not_finished"
    with transaction() as session:
        session.get_one(Job, run.job_id).state = FAILED
    with pytest.raises(Conflict, match="without leaving an adapter"):
        adapters.adapter_folder(owner, run.id)
    with pytest.raises(NotFound):
        adapters.adapter_folder(make_user(), run.id)
