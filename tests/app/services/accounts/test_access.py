"""Looking something up for a person: what is somebody else's looks unknown, and only the audit trail records it."""

import pytest

from app.db import snapshot
from app.errors import NotFound
from app.models import DatasetVersion, Run
from app.services.accounts import access
from app.services.datasets import datasets
from app.services.evaluation import shares
from app.services.runs import adapters, runs
from tests.factories import make_run, make_user, make_version


def test_object_of_somebody_else_is_missing_like_an_unknown_one(owner):
    run, other = make_run(owner), make_user("bob")
    with snapshot() as session:
        assert access.find(session, Run, run.id, owner, NotFound("x", "x")).id == run.id
    for look in (runs.get_run, adapters.adapter_folder):
        with pytest.raises(NotFound) as foreign:
            look(other, run.id)
        with pytest.raises(NotFound) as unknown:
            look(other, "0" * 36)
        assert foreign.value.code == unknown.value.code == "run_not_found"
        assert foreign.value.withheld == ("run", run.id) and unknown.value.withheld is None


def test_every_kind_of_object_is_named(owner):
    other, (_project, version) = make_user("bob"), make_version(owner)
    with snapshot() as session:
        dataset_id = session.get_one(DatasetVersion, version).dataset_id
    summary, _token = shares.create(owner, [make_run(owner).id])
    looks = ((shares.revoke, summary.id, "share"), (datasets.get_dataset, dataset_id, "dataset"))
    for look, key, kind in looks:
        with pytest.raises(NotFound) as refusal:
            look(other, key)
        assert refusal.value.withheld == (kind, key)
