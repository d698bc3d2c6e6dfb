"""Everything of a person as a ZIP: what they made is in it, nothing of others and no secret, and it goes after some days."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from app import disk_space, storage
from app.db import transaction
from app.errors import DiskFull, NotFound
from app.models_projects import PersonExport
from app.services.accounts import accounts, projects
from app.services.inference import conversations
from app.services.operations import person_export
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.settings import get_settings
from tests.app.services.operations.test_person_removal import CANARY, leave_everything
from tests.factories import make_run, make_version
from worker.jobs import person_exporting


def exported(user_id: str) -> str:
    """The id of an export that the light worker has written."""
    export_id, claim = claimed(user_id)
    person_exporting.run(claim, lambda: False)
    return export_id


def claimed(user_id: str) -> tuple[str, Claim]:
    """The id of an export that waits, and its job as a worker has claimed it."""
    started = person_export.start(user_id)
    assert person_export.start(user_id).id == started.id
    with transaction() as session:
        job_id = session.get_one(PersonExport, started.id).job_id
    claim = jobs.claim(job_id)
    assert claim is not None
    return started.id, claim


def test_everything_of_a_person_and_nothing_of_others_is_in_it(owner: str, tmp_path: Path) -> None:
    other = accounts.add_user("other-person").id
    conversations.start(other, ["base:starter-chat"], "a secret of somebody else")
    token = accounts.create_token(owner)
    run = leave_everything(owner, tmp_path)
    export_id = exported(owner)
    (written,) = person_export.list_exports(owner)
    assert (written.state, written.bytes) == ("succeeded", storage.export_file(export_id).stat().st_size)
    with zipfile.ZipFile(storage.export_file(export_id)) as archive:
        names = set(archive.namelist())
        content = b"\n".join(archive.read(name) for name in names)
        tokens = [json.loads(line) for line in archive.read("tables/api_tokens.jsonl").splitlines()]
    assert f"runs/{run.id}/attempt-1/adapter/adapter_config.json" in names
    assert any(name.startswith("datasets/") and name.endswith("rows.parquet") for name in names)
    assert {f"tables/{table}.jsonl" for table in ("users", "runs", "datasets", "conversations", "shares")} <= names
    assert CANARY.encode() in content and b"somebody else" not in content and b"other-person" not in content
    assert not {"tables/passwords.jsonl", "tables/sign_in_links.jsonl"} & names
    assert "token_sha256" not in tokens[0] and accounts.digest(token).encode() not in content


def test_an_export_is_its_persons_and_goes_after_some_days(owner: str) -> None:
    export_id = exported(owner)
    with pytest.raises(NotFound):
        person_export.download(accounts.add_user("bea").id, export_id)
    name, pieces = person_export.download(owner, export_id)
    assert name == "everything.zip" and b"".join(pieces).startswith(b"PK")
    assert person_export.clean() == 0
    with transaction() as session:
        session.get_one(PersonExport, export_id).created_at -= (person_export.KEPT_DAYS + 1) * 86400
    assert person_export.clean() == 1
    assert not storage.export_file(export_id).exists() and person_export.list_exports(owner) == []


def test_a_stopped_export_leaves_no_file(owner: str) -> None:
    _export_id, claim = claimed(owner)
    person_exporting.run(claim, lambda: True)
    assert person_export.list_exports(owner)[0].state == "queued"
    assert list((storage.data_dir() / "exports").iterdir()) == []


def test_what_stayed_in_a_project_is_no_longer_exported(owner: str) -> None:
    bea = accounts.add_user("bea").id
    team = projects.create(owner, "Ward letters").id
    projects.invite(owner, team, bea, "editor")
    run = make_run(bea, make_version(bea, team), name="A run about patients")
    folder = storage.run_dir(run.id)
    (folder / "log.txt").write_text("patients")
    conversations.start(bea, ["base:starter-chat"], "my own question")

    def names() -> set[str]:
        with zipfile.ZipFile(storage.export_file(exported(bea))) as archive:
            return set(archive.namelist())

    mine = {f"runs/{run.id}/log.txt", "tables/runs.jsonl", "tables/datasets.jsonl", "tables/dataset_versions.jsonl"}
    assert mine <= names()
    projects.dismiss(owner, team, bea)
    left = names()
    assert not mine & left and "tables/conversations.jsonl" in left
    assert len(person_export.list_exports(bea)) == len(list((storage.data_dir() / "exports").iterdir())) == 1


def test_a_large_file_is_copied_in_pieces_and_a_deleted_one_left_out(owner: str) -> None:
    folder = storage.run_dir(make_run(owner).id)
    (folder / "weights").write_bytes(bytes(3 * person_export.CHUNK_BYTES))
    gone = folder / "log.txt"
    gone.write_text("soon deleted")
    os.utime(folder / "weights", (0, 0))  # 1970: before the first date that a ZIP knows
    export_id, claim = claimed(owner)
    calls: list[int] = []

    def keep_on() -> None:
        gone.unlink(missing_ok=True)
        calls.append(1)

    person_export.write(claim, keep_on)
    with zipfile.ZipFile(storage.export_file(export_id)) as archive:
        inside = [name for name in archive.namelist() if name.startswith("runs/")]
        assert archive.testzip() is None and archive.getinfo(inside[0]).file_size == 3 * person_export.CHUNK_BYTES
        tables = len([name for name in archive.namelist() if name.startswith("tables/")])
    # After each table, before each file, and after each of three pieces.
    assert [name.rsplit("/", 1)[1] for name in inside] == ["weights"] and len(calls) >= tables + 2 + 3


def test_an_export_that_does_not_fit_is_refused(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = storage.run_dir(make_run(owner).id)
    (folder / "weights").write_bytes(bytes(1000))
    monkeypatch.setenv("STUDIO_FREE_DISK_BYTES", "500")
    get_settings.cache_clear()
    monkeypatch.setattr(disk_space, "free_bytes", lambda: 1400)
    _export_id, claim = claimed(owner)
    with pytest.raises(DiskFull):
        person_export.write(claim, lambda: None)
    assert list((storage.data_dir() / "exports").iterdir()) == []
    monkeypatch.setattr(disk_space, "free_bytes", lambda: 400)
    with pytest.raises(DiskFull):
        person_export.start(accounts.add_user("bea").id)
