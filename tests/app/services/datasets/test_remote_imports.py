"""Imports from a hub: as a job of a light worker, with their source kept; stopped, tried again, refused in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services.accounts import accounts
from app.services.datasets import checks, datasets, remote_imports
from app.services.datasets.hub_listing import HubRequest
from app.services.operations import invariants
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from tests.conftest import forget_settings
from tests.hub_data import letters_repo
from tests.standin_hub import COMMIT, Hub
from worker.jobs import dataset_fetching, supervisor

LETTERS = "tests/letters"


@pytest.fixture
def hub(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({f"datasets/{LETTERS}": letters_repo()}) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def work(user_id: str, check: dict[str, Any]) -> dict[str, Any]:
    """Let the worker do the job of a check; returns its status."""
    supervisor.execute(checks.status(user_id, check["id"])["job_id"])
    assert invariants.violations() == []
    return checks.status(user_id, check["id"])


def test_refused_split_is_tried_again_and_becomes_a_dataset_that_says_where_it_is_from(hub: Hub, owner: str) -> None:
    asked = HubRequest(f"{hub.url}/datasets/{LETTERS}", "train", test_split="validation")
    check = remote_imports.import_from_hub(owner, asked)
    assert check["state"] == "queued" and check["source"]["repo"] == LETTERS
    failed = work(owner, check)
    assert failed["state"] == "failed" and failed["error"]["code"] == "hub_no_split"
    assert failed["error"]["details"]["splits"] == ["train", "test"]
    files = hub.repos[f"datasets/{LETTERS}"].files
    files["data/validation-00000-of-00001.parquet"] = files["data/test-00000-of-00001.parquet"]
    done = work(owner, checks.retry(owner, check["id"]))
    assert done["state"] == "succeeded", done
    made = datasets.get_dataset(owner, done["dataset_id"])
    version = datasets.latest_version(made)
    assert (made.name, version.rows, version.split_sizes["test"]) == ("letters-train", 150, 30)
    assert set(version.labels) == {"refund", "delivery", "account"}
    assert version.source == {
        "kind": "hub",
        "repo": LETTERS,
        "config": "default",
        "split": "train",
        "test_split": "validation",
        "revision": "main",
        "commit": COMMIT,
        "licence": "apache-2.0",
    }
    changed = datasets.change_columns(owner, made.id, version.task_type, version.columns)
    assert datasets.latest_version(changed).source == version.source


def test_token_of_the_hub_serves_administrators_only(hub: Hub, owner: str, tmp_path: Path) -> None:
    member = accounts.add_user("ann").id
    for user_id, serves in ((owner, True), (member, False)):
        check = remote_imports.import_from_hub(user_id, HubRequest(LETTERS, "test"))
        claim = claimed(check)
        assert remote_imports.prepare(claim, tmp_path) is serves
        assert not remote_imports.is_fetched(claim)


def claimed(check: dict[str, Any]) -> Claim:
    claim = jobs.claim(check["job_id"])
    assert claim is not None
    return claim


def test_rows_that_arrived_are_not_fetched_again(hub: Hub, owner: str) -> None:
    """A worker that ends between the fetch and the check leaves a staged file behind."""
    check = remote_imports.import_from_hub(owner, HubRequest(LETTERS, "test"))
    claim = claimed(check)
    dataset_fetching.run(claim, lambda: remote_imports.is_fetched(claim))
    assert checks.status(owner, check["id"])["state"] == "queued"
    hub.repos.clear()
    assert work(owner, check)["state"] == "succeeded"
