"""Deleting datasets: what hangs on one is listed, then all of it goes, files included; never work that has not ended."""

import pytest
from sqlalchemy import select

from app import storage
from app.catalog.job_file import TOKENS_FOLDER
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.models import Dataset, DatasetVersion, Job, Run, new_id
from app.models_chat import Conversation, ConversationMessage
from app.models_shares import Share
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.operations import invariants
from app.services.runs import dataset_removal
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


@pytest.fixture
def dataset(owner: str) -> Dataset:
    return datasets.import_sample(owner, datasets.SAMPLES[0].name)


def learned(owner: str, dataset: Dataset, ended: bool = True) -> str:
    run = make_run(owner, (dataset.project_id, datasets.latest_version(dataset).id), "Learned")
    if ended:
        end_run(run.id, rows_right(9, 10), rows_right(5, 10))
        (storage.run_dir(run.id) / "adapter.bin").write_bytes(b"x" * 1000)
    return run.id


def talk(owner: str, *models: str) -> str:
    home = accounts.home_project(owner).id
    with transaction() as session:
        found = Conversation(id=new_id(), owner_id=owner, project_id=home, models=list(models), title="A talk")
        session.add(found)
        session.flush()
        session.add(ConversationMessage(id=new_id(), conversation_id=found.id, number=1, content="Hi"))
        return found.id


def test_dataset_alone_goes_with_its_files_and_caches(owner: str, dataset: Dataset, any_database: str) -> None:
    version = datasets.latest_version(dataset)
    tokens = storage.cache_dir() / TOKENS_FOLDER / version.content_sha256 / "x"
    tokens.mkdir(parents=True)
    found = dataset_removal.dependents(owner, dataset.id)
    assert (found.versions, found.runs, found.active) == (1, [], []) and found.bytes > 0
    assert dataset_removal.remove(owner, dataset.id, with_runs=False) == found.bytes
    with pytest.raises(NotFound):
        datasets.get_dataset(owner, dataset.id)
    assert not storage.dataset_dir(version.id).exists() and not tokens.exists()
    assert invariants.violations() == []


def test_equal_dataset_keeps_its_rows_and_tokens(owner: str, dataset: Dataset) -> None:
    other = datasets.latest_version(datasets.import_sample(owner, datasets.SAMPLES[0].name))
    tokens = storage.cache_dir() / TOKENS_FOLDER / other.content_sha256
    tokens.mkdir(parents=True)
    dataset_removal.remove(owner, dataset.id, with_runs=False)
    assert tokens.exists() and (storage.dataset_dir(other.id) / "rows.parquet").stat().st_size > 0


def test_runs_are_named_and_go_only_when_that_is_wanted(owner: str, dataset: Dataset, any_database: str) -> None:
    run_id, other = learned(owner, dataset), make_run(owner).id
    gone, kept = talk(owner, run_id, "base:starter-chat"), talk(owner, f"{run_id}@40", other)
    with transaction() as session:
        links = [
            Share(id=new_id(), owner_id=owner, token_sha256=new_id(), run_ids=ids, expires_at=9e9)
            for ids in ([run_id], [run_id, other])
        ]
        session.add_all(links)
    found = dataset_removal.dependents(owner, dataset.id)
    assert (found.runs, found.conversations, found.links) == (["Learned"], ["A talk"], 1)
    with pytest.raises(Conflict, match="1 run learned from"):
        dataset_removal.remove(owner, dataset.id, with_runs=False)
    assert dataset_removal.remove(owner, dataset.id, with_runs=True) >= 1000
    assert not (storage.data_dir() / "runs" / run_id).exists()
    with snapshot() as session:
        assert session.scalars(select(Run.id)).all() == [other]
        assert session.scalars(select(Conversation.id)).all() == [kept] and gone != kept
        assert [link.revoked_at is None for link in (session.get_one(Share, item.id) for item in links)] == [
            False,
            True,
        ]
        assert session.get(DatasetVersion, datasets.latest_version(dataset).id) is None
    assert invariants.violations() == []


def test_nothing_is_deleted_below_work_that_has_not_ended(owner: str, dataset: Dataset) -> None:
    run_id = learned(owner, dataset, ended=False)
    assert dataset_removal.dependents(owner, dataset.id).active == ["Learned"]
    with pytest.raises(Conflict, match="has not ended: Learned"):
        dataset_removal.remove(owner, dataset.id, with_runs=True)
    with snapshot() as session:
        assert session.get(Job, session.get_one(Run, run_id).job_id) is not None


def test_nobody_deletes_or_sees_what_is_not_theirs(owner: str, dataset: Dataset) -> None:
    stranger = make_user("stranger")
    for call in (dataset_removal.dependents, lambda user, id_: dataset_removal.remove(user, id_, with_runs=True)):
        with pytest.raises(NotFound):
            call(stranger, dataset.id)


def test_archived_dataset_comes_back_under_a_free_name(owner: str, dataset: Dataset) -> None:
    datasets.archive(owner, dataset.id)
    again = datasets.import_sample(owner, datasets.SAMPLES[0].name)
    assert [item.id for item in datasets.list_datasets(owner, archived=True)] == [dataset.id]
    back = datasets.unarchive(owner, dataset.id)
    assert back.name != again.name and datasets.list_datasets(owner, archived=True) == []
    assert datasets.unarchive(owner, dataset.id).name == back.name
