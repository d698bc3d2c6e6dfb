"""Quotas: an administrator's limits for one person or one project replace the studio's, and are refused and shown."""

import pytest

from app.db import transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.models import CANCELLED, SUCCEEDED, Job, Run
from app.services.accounts import accounts, limits, quotas
from app.services.accounts.quotas import QuotaBounds
from app.services.runs import runs
from tests.factories import make_run


def test_a_persons_quota_replaces_the_setting_and_is_taken_back(any_database: str, owner: str) -> None:
    bea = accounts.add_user("bea").id
    make_run(bea)
    assert quotas.set_person_quota(owner, bea, QuotaBounds(max_runs=1)).max_active == 1
    with transaction() as session, pytest.raises(Conflict, match="1 is the most for one person"):
        limits.check_limits(session, bea)
    used = limits.usage(bea)
    assert (used.active, used.max_active, used.max_hours, used.bytes, used.is_near) == (1, 1, 0.0, 100, True)
    assert quotas.set_person_quota(owner, bea, QuotaBounds()).max_active == 200


def test_a_projects_quota_counts_all_its_members_and_their_devices(owner: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        job.state, job.started_at, job.finished_at, job.devices = SUCCEEDED, job.created_at - 3600, job.created_at, 4
    assert limits.project_usage(run.project_id).hours == pytest.approx(4.0)
    quotas.set_project_quota(owner, run.project_id, QuotaBounds(max_hours=3.5))
    with transaction() as session:
        limits.check_limits(session, owner)
        with pytest.raises(Conflict, match=r"this project took 4\.0 hours") as refused:
            limits.check_limits(session, owner, run.project_id)
    assert refused.value.details == {"hours": 4.0, "most": 3.5}
    quotas.set_project_quota(owner, run.project_id, QuotaBounds(max_bytes=150))
    limits.check_project_storage(run.project_id, 50)
    with pytest.raises(Conflict, match="most for it"):
        limits.check_project_storage(run.project_id, 51)


def test_a_projects_hours_outlive_every_resume(any_database: str, owner: str) -> None:
    run = make_run(owner)
    for _attempt in range(2):
        with transaction() as session:
            job = session.get_one(Run, run.id).job
            job.state, job.started_at, job.finished_at = CANCELLED, job.created_at - 3600, job.created_at
        runs.resume(owner, run.id)
    assert limits.project_usage(run.project_id).hours == pytest.approx(2.0)
    assert limits.project_usage(run.project_id).active == 1
    with transaction() as session:
        assert session.get_one(Run, run.id).job.adjustments == {}


def test_quotas_are_set_by_administrators_for_what_exists(owner: str) -> None:
    bea = accounts.add_user("bea").id
    with pytest.raises(NotAllowed):
        quotas.set_person_quota(bea, bea, QuotaBounds(max_runs=9))
    for refused in (quotas.set_person_quota, quotas.set_project_quota):
        with pytest.raises(NotFound):
            refused(owner, "nobody", QuotaBounds(max_runs=9))
        with pytest.raises(Rejected):
            refused(owner, bea, QuotaBounds(max_hours=-1))


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        (QuotaBounds(max_runs=3 * 10**9), r"max_runs=3e\+09"),
        (QuotaBounds(max_runs=10**309), r"max_runs=1\.000e\+309"),
        (QuotaBounds(max_hours=1e300), r"max_hours=1e\+300"),
        (QuotaBounds(max_hours=float("nan")), "max_hours=nan"),
        (QuotaBounds(max_bytes=2**60 + 1), r"max_bytes=1\.153e\+18"),
    ],
)
def test_what_no_table_holds_is_refused_in_words(owner: str, bounds: QuotaBounds, shown: str) -> None:
    with pytest.raises(Rejected, match=rf"A quota of {shown} was asked for") as refused:
        quotas.set_person_quota(owner, owner, bounds)
    assert "0 to " in refused.value.hint


def test_the_largest_bounds_are_kept(any_database: str, owner: str) -> None:
    most = QuotaBounds(10**6, 1e6, 2**60)
    quotas.set_person_quota(owner, owner, most)
    assert quotas.person_quota(owner, owner).bounds == most
