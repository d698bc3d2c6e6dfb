"""Everything of a person as a ZIP: what they made is in it, nothing of others and no secret, and it goes after some days."""

import json
import zipfile
from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.errors import NotFound
from app.models_projects import PersonExport
from app.services.accounts import accounts
from app.services.inference import conversations
from app.services.operations import person_export
from app.services.queue import jobs
from tests.app.services.operations.test_person_removal import CANARY, leave_everything
from worker.jobs import person_exporting


def exported(user_id: str) -> str:
    """The id of an export that the light worker has written."""
    started = person_export.start(user_id)
    assert person_export.start(user_id).id == started.id
    with transaction() as session:
        job_id = session.get_one(PersonExport, started.id).job_id
    claim = jobs.claim(job_id)
    assert claim is not None
    person_exporting.run(claim, lambda: False)
    return started.id


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
    started = person_export.start(owner)
    with transaction() as session:
        job_id = session.get_one(PersonExport, started.id).job_id
    claim = jobs.claim(job_id)
    assert claim is not None
    person_exporting.run(claim, lambda: True)
    assert person_export.list_exports(owner)[0].state == "queued"
    assert list((storage.data_dir() / "exports").iterdir()) == []
